using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>Large files and a server that is killed in the middle of them, or that forgets their uploads.</summary>
[Collection(ServerGroup.Name)]
public sealed class LargePutOutageTests : IDisposable
{
    private const int Parts = 6;
    private const int Stored = 3;

    private readonly Files folder = new();
    private readonly byte[] content = Trees.Noise(72, (Parts * InterruptedPuts.Part) - 1);
    private readonly int port = Silo.FreePort();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Behaviour", "D21")]
    public async Task A_put_goes_on_after_its_server_was_killed_and_sends_no_stored_part_again(bool commandDiesToo)
    {
        var file = folder.Write("large.bin", content);
        var silo = await Silo.UpAsync(folder.At("data"), port);
        try
        {
            await using var puts = new InterruptedPuts(folder, folder.At("data"), "main");
            if (commandDiesToo)
            {
                await puts.KillAfterAsync(Stored, file, "main:/large");
                await silo.KillAsync();
                silo = await Silo.UpAsync(folder.At("data"), port);
                var again = await puts.PutAsync(file, "main:/large");
                Assert.True(again.Code == 0, again.Error);
                Assert.Equal(Enumerable.Range(Stored, Parts - Stored), puts.TakeSent());
            }
            else
            {
                puts.Stop(ProxyFault.Reset, Stored);
                using var put = puts.Begin(file, "main:/large");
                await puts.UntilToldAsync(Stored);
                await silo.KillAsync();
                puts.Pass();
                silo = await Silo.UpAsync(folder.At("data"), port);
                var error = await put.StandardError.ReadToEndAsync();
                await put.WaitForExitAsync();
                Assert.True(put.ExitCode == 0, error);
                Assert.Equal(Enumerable.Range(0, Stored), puts.TakeSent().Where(static index => index < Stored));
            }

            await puts.AssertStoredAsync("large", content);
        }
        finally
        {
            await silo.DisposeAsync();
        }
    }

    [Fact]
    [Trait("Behaviour", "S5")]
    public async Task An_upload_that_expired_between_two_attempts_is_begun_anew()
    {
        var file = folder.Write("large.bin", content);
        await using var silo = await Silo.UpAsync(folder.At("data"), port, ("GRANARY_UPLOAD_EXPIRY", "2s"));
        await using var puts = new InterruptedPuts(folder, folder.At("data"), "main");
        var id = await puts.KillAfterAsync(Stored, file, "main:/large");
        while (await puts.StatusAsync(id) != 410)
            await Task.Delay(100);
        var again = await puts.PutAsync(file, "main:/large");
        Assert.True(again.Code == 0, again.Error);
        await puts.AssertStoredAsync("large", content);
    }
}
