using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Work that shares a transaction does what the same work does in transactions of its own.</summary>
public abstract class GroupSuite(ICatalogEngine engine, ITestOutputHelper output) : CatalogSuite(engine)
{
    private const int Groups = 12;
    private const int InGroup = 14;

    // Few paths and contents, so that operations of a group meet on both.
    private static readonly string[] s_paths = ["a", "b", "c", "d/e"];
    private static readonly string[] s_contents = ["one", "two", "three"];

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task Operations_of_a_group_that_meet_on_paths_and_chunks_do_what_they_do_one_by_one()
    {
        var random = Seeds.Create(output);
        var apart = await CreateWorldAsync(keepVersions: 3);
        var together = await CreateWorldAsync(keepVersions: 3);
        for (var round = 0; round < Groups; round++)
        {
            var plan = Enumerable.Range(0, InGroup).Select(_ => Step.Draw(random)).ToArray();
            var oneByOne = new List<NamespaceResult>();
            foreach (var operation in await PrepareAsync(apart, plan))
            {
                oneByOne.Add(await apart.ApplyAsync(operation));
            }

            var group = await together.Files.ApplyAsync(
                together.Tenant, together.Scope, NamespaceCatalog.UnknownSequence, await PrepareAsync(together, plan), default);
            Assert.Equal(oneByOne.Select(Describe), group.Results.Select(Describe));
        }

        foreach (var path in s_paths)
        {
            Assert.Equal(await VersionsAsync(apart, path), await VersionsAsync(together, path));
        }

        foreach (var world in new[] { apart, together })
        {
            await world.RunBackgroundAsync();
            await world.AssertInvariantsAsync();
        }

        Assert.Equal(
            (await apart.Scopes.GetDetailsAsync(apart.Tenant, apart.Scope, default))!.UniqueBytes,
            (await together.Scopes.GetDetailsAsync(together.Tenant, together.Scope, default))!.UniqueBytes);
    }

    [SuiteFact]
    [Trait("Behaviour", "G1")]
    public async Task Uploads_that_begin_together_end_exactly_at_the_quota_and_share_what_is_the_same()
    {
        const int Uploads = 60;
        const int Room = 25;
        var world = await CreateWorldAsync(scopeQuota: Room * 3);
        await world.GrantAsync(world.Store, 1 << 20);
        var begun = await Task.WhenAll(Enumerable.Range(0, Uploads).Select(i =>
        {
            var upload = NewUpload();
            return world.Uploads.BeginAsync(
                new BeginUpload
                {
                    Tenant = world.Tenant,
                    Scope = world.Scope,
                    Upload = upload,
                    Path = Path($"f{i}"),
                    Size = 3,
                    Epoch = world.Epoch,
                    FirstChunk = world.Chunk(upload, 0, Hash($"{i % 7}"), 3),
                },
                default);
        }));
        Assert.Equal(Room, begun.Count(static one => one.Status == UploadStatus.Ok));
        Assert.Equal(Uploads - Room, begun.Count(static one => one is { Status: UploadStatus.ScopeQuotaExceeded, Limit: Room * 3, Used: Room * 3 }));
        Assert.All(begun.Where(static one => one.Status == UploadStatus.Ok), static one => Assert.Equal(PlaceStatus.Write, one.First!.Status));
        var details = await world.Scopes.GetDetailsAsync(world.Tenant, world.Scope, default);
        Assert.Equal(7 * 3, details!.UniqueBytes);
    }

    [SuiteFact]
    public async Task An_upload_whose_silo_is_dead_does_not_hinder_those_that_begin_with_it()
    {
        var dead = World.Epoch;
        World.Epoch = await World.Silos.RegisterAsync("another", default);
        await World.Silos.EndAsync(dead, default);
        var begun = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => World.Uploads.BeginAsync(
            new BeginUpload { Tenant = World.Tenant, Scope = World.Scope, Upload = NewUpload(), Path = Path($"f{i}"), Size = 1, Epoch = i % 2 == 0 ? dead : World.Epoch },
            default)));
        Assert.Equal(Enumerable.Range(0, 20).Select(static i => i % 2 == 0 ? UploadStatus.EpochDead : UploadStatus.Ok), begun.Select(static one => one.Status));
    }

    private static string Describe(NamespaceResult result) =>
        $"{result.Status} {result.Version} {result.Sequence} {result.Created} {result.Size} {result.Etag} {result.Path}";

    private static async Task<IEnumerable<string>> VersionsAsync(CatalogWorld world, string path) =>
        (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path(path), null, 10, default))
        .Select(static version => $"{version.Version} {version.Deleted} {version.Size} {version.Etag} {version.Sequence}");

    private static async Task<NamespaceOperation[]> PrepareAsync(CatalogWorld world, Step[] plan)
    {
        var operations = new List<NamespaceOperation>();
        foreach (var step in plan)
        {
            operations.Add(step.Kind switch
            {
                0 => new DeleteFile { By = "test", Path = Path(step.Path) },
                1 => new CopyFile { By = "test", From = Path(step.Path), To = Path(step.Other) },
                2 => new CopyFile { By = "test", From = Path(step.Path), To = Path(step.Other), Move = true },
                3 => new RestoreFile { By = "test", Path = Path(step.Path), Version = step.Version },
                _ => await UploadAsync(world, step),
            });
        }

        return [.. operations];
    }

    private static async Task<NamespaceOperation> UploadAsync(CatalogWorld world, Step step)
    {
        var upload = NewUpload();
        Assert.Equal(UploadStatus.Ok, (await world.BeginAsync(upload, step.Path, step.Content.Length)).Status);
        var placed = await world.PlaceAsync(world.Chunk(upload, 0, Hash(step.Content), step.Content.Length));
        return CommitOf(upload, step.Path, [step.Content], placed.Status == PlaceStatus.Write ? [placed.Location] : []);
    }

    private sealed record Step(int Kind, string Path, string Other, string Content, long Version)
    {
        // Half of them are uploads.
        public static Step Draw(Random random) => new(
            random.Next(8), s_paths[random.Next(s_paths.Length)], s_paths[random.Next(s_paths.Length)], s_contents[random.Next(s_contents.Length)], random.Next(1, 6));
    }
}
