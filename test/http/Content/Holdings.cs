using System.Globalization;
using System.Net.Http.Json;
using Granary.Catalog;
using Granary.TestSupport;

namespace Granary.Http.Tests.Content;

/// <summary>Everything that uploads hold, to the byte.</summary>
internal static class Holdings
{
    private static readonly Sql s_uploads = new("SELECT COUNT(*) FROM upload");

    private static readonly Sql s_parts = new("SELECT COUNT(*) FROM manifest_chunk");

    private static readonly Sql s_open = new("SELECT COUNT(*) FROM upload_session WHERE state = 0");

    private static readonly Sql s_references = new("SELECT COUNT(*) FROM chunk_reference");

    private static readonly Sql s_scopeReferences = new("SELECT COUNT(*) FROM scope_chunk");

    private static readonly Sql s_chunks = new("SELECT COUNT(*) FROM chunk");

    private static readonly Sql s_copies = new("SELECT COUNT(*) FROM location");

    /// <summary>Quota, references, copies, bytes charged and bytes on the disk.</summary>
    public static async Task<string> DescribeHoldingsAsync(this HttpWorld world)
    {
        var space = (await world.Service<StoreCatalog>().GetSpaceAsync(world.StoreOf("local"), default))!;
        var rows = await world.Service<CatalogDatabase>().ReadAsync(
            static session => $"{session.Scalar(s_uploads)} uploads of {session.Scalar(s_parts)} parts, {session.Scalar(s_open)} open sessions, "
                + $"{session.Scalar(s_references)} + {session.Scalar(s_scopeReferences)} references, {session.Scalar(s_chunks)} chunks, {session.Scalar(s_copies)} copies",
            default);
        var files = HttpWorld.ChunkFiles(world.LocalFolder);
        var used = await world.UsedAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{used} used, {rows}, {space.Charged - space.UnusedBlocks} charged, {space.Used} stored, {files.Length} files of {files.Sum(Length)}");
    }

    // One that is deleted between the look at its folder and the look at itself is gone.
    private static long Length(string file)
    {
        try
        {
            return new FileInfo(file).Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(Seeds.Soak ? 10 : 1);

    /// <summary>Runs maintenance without a grace period until just this is held; fails after a minute, ten when soaking.</summary>
    public static async Task CollectUntilAsync(this HttpWorld world, string expected)
    {
        using (var settings = await world.Client.PatchAsJsonAsync("api/v1/maintenance/settings", new { graceSeconds = 0 }))
            Assert.True(settings.IsSuccessStatusCode);
        var began = TimeProvider.System.GetTimestamp();
        while (await world.DescribeHoldingsAsync() != expected && TimeProvider.System.GetElapsedTime(began) < s_limit)
        {
            using var run = await world.PostAsync("api/v1/maintenance/runs", new { });
            await HttpWorld.JsonOf(run, 202);
            await Task.Delay(300);
        }

        Assert.Equal(expected, await world.DescribeHoldingsAsync());
    }
}
