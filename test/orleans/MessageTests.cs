using System.Collections.Immutable;
using Orleans.Serialization;

namespace Granary.OrleansTests;

public sealed class MessageTests(OneSilo silo) : IClassFixture<OneSilo>
{
    private readonly string _key = Probe.NewKey();

    private IMessageGrain Grain => silo.Client.GetGrain<IMessageGrain>(_key);

    [Fact]
    public async Task Calls_of_every_return_type_are_answered()
    {
        await Grain.Nothing();
        await Grain.NothingByValue();
        Assert.Equal(_key + ":x", await Grain.Text("x"));
        Assert.Equal(42, await Grain.Number(41));
        Assert.Null(await Grain.NullIfEmpty(""));
    }

    [Fact]
    public async Task Values_of_every_usual_type_travel()
    {
        var sent = new Everything(
            null, -7, null, Colour.Green, Guid.NewGuid(), DateTimeOffset.UnixEpoch.AddDays(1), TimeSpan.FromSeconds(5), [1, 2, 3],
            ["a", "ä"], new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase) { ["K"] = 1 }, [4, 5], ["s"], (1, "p"), Grain);
        var got = await Grain.Everything(sent);
        Assert.Equal((sent.Text, sent.Number, sent.Maybe, sent.Colour, sent.Id, sent.At, sent.Span), (got.Text, got.Number, got.Maybe, got.Colour, got.Id, got.At, got.Span));
        Assert.Equal(sent.Bytes, got.Bytes);
        Assert.Equal(sent.List, got.List);
        Assert.Equal(1, got.Map["k"]);
        Assert.Equal(sent.Fixed.AsEnumerable(), got.Fixed.AsEnumerable());
        Assert.Equal(sent.Set, got.Set);
        Assert.Equal(sent.Pair, got.Pair);
        Assert.Equal(_key + ":back", await got.Grain.Text("back"));
        Assert.Equal(new Point(2, 1), await Grain.Mirror(new Point(1, 2)));
    }

    [Fact]
    public async Task Null_and_default_values_travel()
    {
        var got = await Grain.Everything(new Everything("", 0, 8, default, default, default, default, [], [], [], ImmutableArray<int>.Empty, [], default, Grain));
        Assert.Equal(8, got.Maybe);
        Assert.Empty(got.Bytes);
        Assert.Empty(got.Fixed);
        Assert.Equal((0, null), got.Pair);
    }

    [Fact]
    public async Task Arguments_and_results_are_copies()
    {
        var parcel = new Parcel { Label = "mine", Items = [1] };
        var changed = await Grain.Change(parcel);
        Assert.Equal(("changed", 2), (changed.Label, changed.Items.Count));
        Assert.Equal(("mine", 1), (parcel.Label, parcel.Items.Count));
    }

    [Fact]
    public async Task A_member_without_an_id_stays_behind()
        => Assert.Equal("", (await Grain.Change(new Parcel { Unmarked = "lost" })).Unmarked);

    [Fact]
    public async Task A_derived_type_keeps_its_type_and_its_members()
    {
        var square = Assert.IsType<Square>(await Grain.Echo(new Square { Edges = 4, Side = 2.5 }));
        Assert.Equal((4, 2.5), (square.Edges, square.Side));
    }

    [Fact]
    public async Task Objects_that_refer_to_each_other_still_do()
    {
        var node = new Node { Next = new Node() };
        node.Next.Next = node;
        Assert.True(await Grain.IsRing(node));
    }

    [Fact]
    public async Task An_argument_whose_type_has_no_serializer_is_refused()
    {
        await Grain.TakeAnything("text");
        await Assert.ThrowsAsync<CodecNotFoundException>(() => Grain.TakeAnything(new Contraband()));
    }

    [Fact]
    public async Task A_result_whose_type_has_no_serializer_is_refused() => await Assert.ThrowsAsync<CodecNotFoundException>(() => Grain.Give());

    [Fact]
    public async Task A_collection_declared_by_interface_travels_whatever_its_type() => Assert.Equal([1, 2, 3], await Grain.GiveLazily());

    [Fact]
    public async Task The_grain_serves_on_after_a_refused_result()
    {
        await Assert.ThrowsAsync<CodecNotFoundException>(() => Grain.Give());
        Assert.Equal(2, await Grain.Number(1));
    }

    [Fact]
    public async Task Exceptions_of_the_framework_arrive_as_they_were()
    {
        Assert.Contains("bad", (await Assert.ThrowsAsync<ArgumentException>(() => Grain.Fail("argument"))).Message, StringComparison.Ordinal);
        Assert.Equal("later", (await Assert.ThrowsAsync<KeyNotFoundException>(() => Grain.Fail("async"))).Message);
        var outer = await Assert.ThrowsAsync<InvalidOperationException>(() => Grain.Fail("other"));
        Assert.Equal("cause", Assert.IsType<TimeoutException>(outer.InnerException).Message);
    }

    [Fact]
    public async Task Own_exceptions_with_a_serializer_arrive_with_their_members()
    {
        var error = await Assert.ThrowsAsync<QuotaException>(() => Grain.Fail("own"));
        Assert.Equal(("full", 42), (error.Message, error.Limit));
    }

    [Fact]
    public async Task Own_exceptions_without_a_serializer_do_not_arrive_as_themselves()
        => Assert.IsNotType<UnmarkedException>(await Assert.ThrowsAnyAsync<Exception>(() => Grain.Fail("unmarked")));

    [Fact]
    public async Task Inside_a_silo_immutable_values_are_shared_and_others_copied()
    {
        Assert.True(await Grain.SharesBanner(Probe.NewKey()));
        Assert.True(await Grain.SharesPromisedParcel(Probe.NewKey()));
        Assert.False(await Grain.SharesNode(Probe.NewKey()));
    }

    [Fact]
    public async Task References_are_passed_on_and_compare_by_identity()
    {
        Assert.Equal("third:asked", await Grain.AskThroughMe(Probe.NewKey()));
        Assert.Equal(Grain, silo.Client.GetGrain<IMessageGrain>(_key));
        Assert.NotEqual(Grain, silo.Client.GetGrain<IMessageGrain>(_key + "x"));
    }
}
