using System.Text;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class ListingSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private static readonly string[] Paths =
        ["a", "a-b", "a/b", "a/b/c", "a/b/d", "a/c", "a0", "b", "b/c", "z/y/x", "é", "é/à", "日本", "日本/語", "\U0001F600/x", "~"];

    [SuiteTheory]
    [InlineData("", null)]
    [InlineData("", "/")]
    [InlineData("a", "/")]
    [InlineData("a/", "/")]
    [InlineData("a/b", "/")]
    [InlineData("a/b/", null)]
    [InlineData("", "-")]
    [InlineData("é", "/")]
    [InlineData("", "b/")]
    [InlineData("nothing", "/")]
    public async Task Pages_of_every_size_add_up_to_the_model(string prefix, string? delimiter)
    {
        await FillAsync(Paths);
        await World.DeleteAsync("a/c");
        var expected = Model([.. Paths.Where(static path => path != "a/c")], prefix, delimiter);
        for (var limit = 1; limit <= Paths.Length + 1; limit++)
        {
            var found = new List<string>();
            string? next = null;
            do
            {
                var page = await World.Files.ListAsync(World.Tenant, World.Scope, prefix, delimiter, next, limit, default);
                Assert.True(page.Items.Count + page.Prefixes.Count <= limit);
                found.AddRange(page.Items.Select(static item => item.Path.Text).Concat(page.Prefixes.Select(static text => "P:" + text)));
                Assert.True(page.Next is null || page.Items.Count + page.Prefixes.Count == limit, "A page that is not the last is full.");
                next = page.Next;
            }
            while (next is not null);
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    }

    [SuiteFact]
    public async Task Items_and_prefixes_come_in_byte_order()
    {
        await FillAsync(Paths);
        var page = await World.Files.ListAsync(World.Tenant, World.Scope, "", "/", null, 100, default);
        var items = page.Items.Select(static item => Encoding.UTF8.GetBytes(item.Path.Text)).ToList();
        Assert.True(items.Zip(items.Skip(1)).All(static pair => pair.First.AsSpan().SequenceCompareTo(pair.Second) < 0));
        Assert.Equal(["a/", "b/", "z/", "é/", "日本/", "\U0001F600/"], page.Prefixes);
    }

    [SuiteFact]
    public async Task A_page_may_begin_anywhere()
    {
        await FillAsync(Paths);
        Assert.Equal("a/b/d a/c", await AfterAsync("a/b/c", 2));
        Assert.Equal("a/b a/b/c", await AfterAsync("a/a-that-does-not-exist", 2));
        Assert.Equal("", await AfterAsync("\U0001F600/x/beyond", 2));

        async Task<string> AfterAsync(string after, int limit) =>
            string.Join(' ', (await World.Files.ListAsync(World.Tenant, World.Scope, "", null, after, limit, default)).Items.Select(static item => item.Path.Text));
    }

    [SuiteFact]
    public async Task Tombstones_and_other_scopes_are_not_listed()
    {
        var other = await World.CreateScopeAsync("other");
        await World.PutAsync("mine", "1");
        await World.PutAsync("gone", "2");
        await World.DeleteAsync("gone");
        await World.PutAsync("theirs", ["3"], other);
        var page = await World.Files.ListAsync(World.Tenant, World.Scope, "", null, null, 10, default);
        Assert.Equal(["mine"], page.Items.Select(static item => item.Path.Text));
    }

    private async Task FillAsync(string[] paths)
    {
        foreach (var path in paths)
        {
            Assert.Equal(NamespaceStatus.Done, (await World.PutAsync(path, "x")).Status);
        }
    }

    private static HashSet<string> Model(string[] paths, string prefix, string? delimiter)
    {
        var found = new HashSet<string>();
        foreach (var path in paths.Where(path => path.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var at = delimiter is null ? -1 : path.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            found.Add(at < 0 ? path : "P:" + path[..(at + delimiter!.Length)]);
        }

        return found;
    }
}
