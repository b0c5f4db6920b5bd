using System.Net;
using System.Net.Http.Json;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>Two processes that were given one name.</summary>
public sealed class SameNameTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [ClusterFact]
    public async Task Of_two_silos_of_one_name_the_older_one_ends_and_on_one_folder_the_second_refuses()
    {
        await using var cluster = await SiloCluster.StartAsync(silos: 2);
        var (other, older) = (cluster.Silos[0], cluster.Silos[1]);

        // The same data folder: its lock is held.
        using var elsewhere = new TempFolder();
        var twin = cluster.Add(older.Name, IPAddress.Loopback, [], SettingsOf(older), elsewhere);
        twin.Environment["GRANARY_DATA"] = older.Data;
        twin.Start();
        Assert.True(await ClusterFault.UntilAsync(() => twin.Ends.Count > 0, s_limit), twin.LogEnd);
        await twin.DisposeAsync();
        Assert.Contains(older.Data, twin.Log, StringComparison.Ordinal);
        Assert.Contains("already runs on", twin.Log, StringComparison.Ordinal);
        Assert.True(older.IsRunning);

        // A folder of its own, as where two machines were set up alike: the name is the younger one's from now on.
        using var another = new TempFolder();
        var younger = cluster.Add(older.Name, IPAddress.Loopback, [], SettingsOf(older), another);
        older.StopRestarting();
        younger.Start();
        Assert.True(await ClusterFault.UntilAsync(() => !older.IsRunning, s_limit), $"The older silo goes on:\n{older.LogEnd}\n{younger.LogEnd}");
        Assert.Contains("another process took its name", older.Log, StringComparison.Ordinal);
        using (var client = new HttpClient())
        {
            Assert.True(await ReadyAsync(client, younger), younger.LogEnd);
            Assert.True(await SiloAddress.IsReadyAsync(client, other.Url));
        }

        using var writer = cluster.Client(0);
        using var stored = await writer.PutAsync("api/v1/scopes/main/files/after", JsonContent.Create("x"));
        Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync());
        cluster.Silos.Remove(twin);
        cluster.Silos.Remove(younger);
        await younger.DisposeAsync();
    }

    private static async Task<bool> ReadyAsync(HttpClient client, SiloProcess silo)
    {
        for (var i = 0; i < 300; i++)
        {
            if (await SiloAddress.IsReadyAsync(client, silo.Url))
            {
                return true;
            }

            await Task.Delay(100);
        }

        return false;
    }

    private static Dictionary<string, string> SettingsOf(SiloProcess silo) =>
        silo.Environment.Where(static setting => !setting.Key.EndsWith("PORT", StringComparison.Ordinal) && setting.Key is not ("GRANARY_DATA" or "CRASH_PLAN_FILE"))
            .ToDictionary(static setting => setting.Key, static setting => setting.Value);
}
