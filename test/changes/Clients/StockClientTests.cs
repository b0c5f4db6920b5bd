using System.Diagnostics;
using System.Text.Json.Nodes;
using Granary.TestSupport;

namespace Granary.Changes.Tests.Clients;

/// <summary>Clients that others made.</summary>
public sealed class StockClientTests(ChangesWorld world) : IClassFixture<ChangesWorld>
{
    private const string Follow = """
        import asyncio, sys, websockets
        async def main(url, token, count):
            headers = {"Authorization": "Bearer " + token}
            try:
                async with websockets.connect(url, extra_headers=headers, subprotocols=["granary.changes.v1"]) as socket:
                    for _ in range(int(count)):
                        print(await asyncio.wait_for(socket.recv(), 20), flush=True)
                    await (await socket.ping())
                    print("pong " + socket.subprotocol)
            except websockets.exceptions.ConnectionClosed as end:
                print("closed", end.code)
        asyncio.run(main(*sys.argv[1:]))
        """;

    [PythonWebsocketsFact, Trait("Behaviour", "S16"), Trait("Behaviour", "S17")]
    public async Task Python_websockets_follow_a_scope_and_are_told_why_not()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 20);
        var url = world.Host.Url.Replace("http", "ws", StringComparison.Ordinal) + $"/api/v1/scopes/{scope}/changes?since=0";
        var lines = await RunAsync("/usr/bin/python3", "-c", Follow, url, world.Host.OperatorKey, "21");
        Assert.Equal("connected", (string?)JsonNode.Parse(lines[0])!["type"]);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), lines.Skip(1).Take(20).Select(l => (long)JsonNode.Parse(l)!["change"]!["sequence"]!));
        Assert.Equal("pong granary.changes.v1", lines[21]);
        Assert.Equal(["closed 4401"], await RunAsync("/usr/bin/python3", "-c", Follow, url, "wrong", "1"));
    }

    [WscatFact, Trait("Behaviour", "S16"), Trait("Behaviour", "S17")]
    public async Task Wscat_follows_scopes_that_it_subscribes_to()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 5);
        var url = world.Host.Url.Replace("http", "ws", StringComparison.Ordinal) + $"/api/v1/changes?token={world.Host.OperatorKey}";
        var lines = await RunAsync(
            WscatFactAttribute.Program!, "--no-color", "-s", "granary.changes.v1", "-c", url, "-x", $$"""{"type":"subscribe","scope":"{{scope}}","since":0}""", "-w", "2");
        var frames = lines.Select(l => l.TrimStart('<', ' ')).Where(l => l.StartsWith('{')).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["connected", "subscribed"], frames.Take(2).Select(f => (string?)f["type"]));
        Assert.Equal([1L, 2, 3, 4, 5], frames.Skip(2).Select(f => (long)f["change"]!["sequence"]!));
    }

    private static async Task<List<string>> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardInput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var text = await process.StandardOutput.ReadToEndAsync().WithinAsync($"{program} ended", TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync();
            Assert.True(text.Length > 0, await errors);
            return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
