using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Granary.OrleansTests;

[GenerateSerializer]
public enum Colour
{
    Red,
    Green,
}

#pragma warning disable ORLEANS0004 // One member lacks an id on purpose.
[GenerateSerializer]
public sealed class Parcel
#pragma warning restore ORLEANS0004
{
    [Id(0)]
    public string Label { get; set; } = "";

    [Id(1)]
    public List<int> Items { get; set; } = [];

    /// <summary>No id: stays behind.</summary>
    public string Unmarked { get; set; } = "";
}

[GenerateSerializer]
public class Shape
{
    [Id(0)]
    public int Edges { get; set; }
}

[GenerateSerializer]
public sealed class Square : Shape
{
    [Id(0)]
    public double Side { get; set; }
}

[GenerateSerializer]
public sealed class Node
{
    [Id(0)]
    public Node? Next { get; set; }
}

[GenerateSerializer]
public sealed record Everything(
    string? Text, int Number, long? Maybe, Colour Colour, Guid Id, DateTimeOffset At, TimeSpan Span, byte[] Bytes,
    List<string> List, Dictionary<string, long> Map, ImmutableArray<int> Fixed, HashSet<string> Set, (int, string) Pair, IMessageGrain Grain);

[GenerateSerializer]
public readonly record struct Point([property: Id(0)] int X, [property: Id(1)] int Y);

[GenerateSerializer, Immutable]
public sealed class Banner(string text)
{
    [Id(0)]
    public string Text { get; } = text;
}

/// <summary>Carries no attribute.</summary>
public sealed class Contraband
{
    public int Value { get; set; }
}

[GenerateSerializer]
public sealed class QuotaException : Exception
{
    public QuotaException(string message, long limit) : base(message) => Limit = limit;

    [Id(0)]
    public long Limit { get; set; }
}

public sealed class UnmarkedException(string message) : Exception(message);

[Alias("granary.test.message")]
public interface IMessageGrain : IGrainWithStringKey
{
    Task Nothing();

    ValueTask NothingByValue();

    Task<string> Text(string text);

    ValueTask<int> Number(int number);

    Task<string?> NullIfEmpty(string text);

    Task<Parcel> Change(Parcel parcel);

    Task<Everything> Everything(Everything everything);

    Task<Point> Mirror(Point point);

    Task<Shape> Echo(Shape shape);

    Task<bool> IsRing(Node node);

    Task TakeAnything(object anything);

    Task<object> Give();

    Task<IReadOnlyList<int>> GiveLazily();

    Task Fail(string kind);

    Task<bool> SharesBanner(string other);

    Task<bool> SharesNode(string other);

    Task<bool> SharesPromisedParcel(string other);

    Task Look(Banner banner);

    Task LookNode(Node node);

    Task LookPromisedParcel([Immutable] Parcel parcel);

    Task<string> AskNeighbour(IMessageGrain neighbour);

    Task<string> AskThroughMe(string neighbour);
}

public sealed class MessageGrain : Grain, IMessageGrain
{
    public Task Nothing() => Task.CompletedTask;

    public async ValueTask NothingByValue() => await Task.Yield();

    public Task<string> Text(string text) => Task.FromResult($"{this.GetPrimaryKeyString()}:{text}");

    public ValueTask<int> Number(int number) => new(number + 1);

    public Task<string?> NullIfEmpty(string text) => Task.FromResult(text.Length == 0 ? null : text);

    public Task<Parcel> Change(Parcel parcel)
    {
        parcel.Label = "changed";
        parcel.Items.Add(99);
        return Task.FromResult(parcel);
    }

    public Task<Everything> Everything(Everything everything) => Task.FromResult(everything);

    public Task<Point> Mirror(Point point) => Task.FromResult(new Point(point.Y, point.X));

    public Task<Shape> Echo(Shape shape) => Task.FromResult(shape);

    public Task<bool> IsRing(Node node) => Task.FromResult(ReferenceEquals(node.Next?.Next, node));

    public Task TakeAnything(object anything) => Task.CompletedTask;

    public Task<object> Give() => Task.FromResult<object>(new Contraband());

    public Task<IReadOnlyList<int>> GiveLazily() => Task.FromResult<IReadOnlyList<int>>([1, 2, 3]);

    public Task Fail(string kind) => kind switch
    {
        "argument" => throw new ArgumentException("bad"),
        "async" => FailLater(),
        "own" => throw new QuotaException("full", 42),
        "unmarked" => throw new UnmarkedException("secret"),
        _ => throw new InvalidOperationException(kind, new TimeoutException("cause")),
    };

    public async Task<bool> SharesBanner(string other)
    {
        var banner = new Banner("x");
        await GrainFactory.GetGrain<IMessageGrain>(other).Look(banner);
        return ReferenceEquals(Probe.For(other).Seen, banner);
    }

    public async Task<bool> SharesNode(string other)
    {
        var node = new Node();
        await GrainFactory.GetGrain<IMessageGrain>(other).LookNode(node);
        return ReferenceEquals(Probe.For(other).Seen, node);
    }

    public async Task<bool> SharesPromisedParcel(string other)
    {
        var parcel = new Parcel();
        await GrainFactory.GetGrain<IMessageGrain>(other).LookPromisedParcel(parcel);
        return ReferenceEquals(Probe.For(other).Seen, parcel);
    }

    public Task Look(Banner banner) => See(banner);

    public Task LookNode(Node node) => See(node);

    public Task LookPromisedParcel(Parcel parcel) => See(parcel);

    public Task<string> AskNeighbour(IMessageGrain neighbour) => neighbour.Text("asked");

    public Task<string> AskThroughMe(string neighbour)
        => GrainFactory.GetGrain<IMessageGrain>(neighbour).AskNeighbour(GrainFactory.GetGrain<IMessageGrain>("third"));

    private Task See(object value)
    {
        Probe.For(this.GetPrimaryKeyString()).Seen = value;
        return Task.CompletedTask;
    }

    private static async Task FailLater()
    {
        await Task.Yield();
        throw new KeyNotFoundException("later");
    }
}
