using System.Net.WebSockets;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Changes.Tests.Clusters;

/// <summary>Following changes while silos of a cluster die.</summary>
public sealed class ClusterTests(ITestOutputHelper output)
{
    private const int Sockets = 50;

    // SHA-256 of nothing: the files have no content, so that no store takes part.
    private const string EmptyEtag = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact, Trait("Behaviour", "G11"), Trait("Behaviour", "S12"), Trait("Behaviour", "S15")]
    public async Task Sockets_that_are_dropped_resume_exactly_while_all_silos_write_and_some_are_killed()
    {
        var each = Seeds.Soak ? 5_000 : 400;
        var total = 3 * each;
        await using var cluster = await ChangeCluster.StartAsync(3);
        var log = new ChangeLogCatalog(cluster.Database);
        var followers = Enumerable.Range(0, Sockets).Select(i => FollowAsync(cluster, Seeds.Create(output, i), total)).ToList();
        var writers = Enumerable.Range(0, 3).Select(i => WriteAsync(cluster, i, each)).ToList();

        // One silo of three dies, another one joins, and one of the first dies too.
        await HeadReachesAsync(log, cluster.Scope, total / 4);
        await cluster.KillAsync(0);
        await HeadReachesAsync(log, cluster.Scope, total / 2);
        await cluster.AddAsync();
        await cluster.KillAsync(0);

        await Task.WhenAll(writers).WithinAsync("everything was written", TimeSpan.FromMinutes(Seeds.Soak ? 20 : 2));
        var seen = await Task.WhenAll(followers).WithinAsync("every socket had every change", TimeSpan.FromMinutes(1));
        var head = (await log.HeadsAsync([cluster.Scope], default))[0];
        output.WriteLine($"{total} changes, {seen.Sum(s => s.Connections)} connections");
        Assert.Equal(total, head);
        Assert.All(seen, s => Assert.Equal(Enumerable.Range(1, total).Select(n => (long)n), s.Sequences));
        Assert.True(seen.Sum(s => s.Connections) > Sockets);
    }

    private static async Task HeadReachesAsync(ChangeLogCatalog log, ScopeId scope, long head)
    {
        for (var i = 0; i < 6000 && (await log.HeadsAsync([scope], default))[0] < head; i++)
            await Task.Delay(10);
    }

    /// <summary>Commits files through the silos in turn, each until it is answered; a repeat of a commit gets the first answer.</summary>
    private static async Task WriteAsync(ChangeCluster cluster, int writer, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var path = FilePath.Parse($"{writer}/{i}");
            var upload = new UploadId(Guid.CreateVersion7());
            var begun = await cluster.Uploads.BeginAsync(
                new BeginUpload { Tenant = cluster.Tenant, Scope = cluster.Scope, Upload = upload, Path = path, Size = 0, Epoch = cluster.Epoch }, default);
            Assert.Equal(UploadStatus.Ok, begun.Status);
            var commit = new CommitUpload { By = "test", Upload = upload, Path = path, Size = 0, ChunkCount = 0, Etag = EmptyEtag };
            for (var attempt = 0; ; attempt++)
            {
                var grains = cluster.Grains;
                try
                {
                    var result = await grains[(writer + i + attempt) % grains.Length].ApplyAsync(commit, default);
                    if (result.Status == NamespaceStatus.Done)
                        break;
                    Assert.Equal(NamespaceStatus.Busy, result.Status);
                }
                catch (Exception error) when (attempt < 200 && error is not Xunit.Sdk.XunitException)
                {
                    // The silo died, or is being found dead.
                }

                await Task.Delay(50);
            }
        }
    }

    /// <summary>Follows on some silo, drops its connection after some changes, and goes on from its cursor on another.</summary>
    private static async Task<(List<long> Sequences, int Connections)> FollowAsync(ChangeCluster cluster, Random random, int total)
    {
        var seen = new List<long>();
        var connections = 0;
        while (seen.Count < total)
        {
            try
            {
                var urls = cluster.Urls;
                await using var client = await ChangeClient.ConnectAsync(
                    urls[random.Next(urls.Length)], $"/api/v1/scopes/main/changes?since={(seen.Count == 0 ? 0 : seen[^1])}", cluster.Key, random.Next(2) == 0);
                connections++;
                if (await client.NextAsync() is null)
                    continue;
                for (var until = Math.Min(total, seen.Count + random.Next(1, 400)); seen.Count < until;)
                {
                    if (await client.NextAsync() is not { } frame)
                        break;
                    seen.Add((long)frame["change"]!["sequence"]!);
                }
            }
            catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or HttpRequestException)
            {
                // The silo was killed under it.
            }

            await Task.Delay(random.Next(30));
        }

        return (seen, connections);
    }
}
