namespace Granary.Command.Tests.Servers;

/// <summary>cluster drain and undrain, on a server of their own.</summary>
public sealed class ClusterDrainTests : IDisposable
{
    private readonly Files folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_silo_is_emptied_stays_so_over_a_restart_and_is_taken_back()
    {
        var data = folder.At("data");
        var granary = new Granary(data);
        await using (await Silo.UpAsync(data))
        {
            // Nothing but its own store: refused, and nothing changes.
            await granary.DoAsync("put", folder.Write("x", "content"), "main:/x");
            var refused = await granary.RunAsync("cluster", "drain", "silo-1");
            Assert.Equal(3, refused.Code);
            Assert.Contains("no-target", refused.Error, StringComparison.Ordinal);
            Assert.Contains("granary scope attach", refused.Error, StringComparison.Ordinal);
            Assert.Contains("'local'", refused.Error, StringComparison.Ordinal);
            Assert.Equal(3, (await granary.RunAsync("cluster", "drain", "nobody")).Code);

            await granary.DoAsync("store", "create", "shared", "--path", Directory.CreateDirectory(Path.Combine(data, "stores", "shared")).FullName);
            await granary.DoAsync("tenant", "edit", "default", "--add-store", "shared");
            await granary.DoAsync("scope", "attach", "main", "shared", "--upload-priority", "1");
            var drained = await granary.DoAsync("cluster", "drain", "silo-1");
            Assert.Contains("drained", drained.Out, StringComparison.Ordinal);
            Assert.Contains("may leave", drained.Out, StringComparison.Ordinal);
            Assert.Contains("run ", drained.Error, StringComparison.Ordinal);
            Assert.Equal(["shared"], await StoresOfAsync(granary, "main:/x"));
        }

        await using (await Silo.UpAsync(data))
        {
            Assert.Contains("active, drained", (await granary.DoAsync("cluster", "status")).Out, StringComparison.Ordinal);
            await granary.DoAsync("put", folder.Write("y", "more content"), "main:/y");
            Assert.Equal(["shared"], await StoresOfAsync(granary, "main:/y"));

            await granary.DoAsync("cluster", "undrain", "silo-1");
            Assert.DoesNotContain("drained", (await granary.DoAsync("cluster", "status")).Out, StringComparison.Ordinal);
            await granary.DoAsync("put", folder.Write("z", "yet more content"), "main:/z");
            Assert.Equal(["local"], await StoresOfAsync(granary, "main:/z"));
            var again = Assert.Single((await granary.DoAsync("cluster", "drain", "silo-1", "--no-wait", "--json")).Json);
            Assert.Equal("silo-1", again.GetProperty("silo").GetString());
        }
    }

    private static async Task<string[]> StoresOfAsync(Granary granary, string file)
    {
        var chunk = Assert.Single((await granary.DoAsync("explain", file, "--json")).Json).GetProperty("chunks")[0];
        return [.. chunk.GetProperty("copies").EnumerateArray().Select(static copy => copy.GetProperty("store").GetString()!)];
    }
}
