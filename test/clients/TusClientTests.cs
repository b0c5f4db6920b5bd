using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Granary.TestHost;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Clients.Tests;

/// <summary>tus-js-client and Uppy as they come from their makers, against the whole silo.</summary>
public sealed class TusClientTests(ITestOutputHelper output) : IDisposable
{
    private static readonly int s_size = (Seeds.Soak ? 300 : 40) << 20;
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [NodeFact, Trait("Behaviour", "U3"), Trait("Behaviour", "G12"), Trait("Behaviour", "D21")]
    public async Task Tus_js_client_goes_on_after_it_was_killed()
    {
        await using var host = await GranaryHost.StartAsync();
        var (file, content) = MakeFile(s_size + 321);
        var killed = Upload(host, file, "resumed", parallel: 1, dieAt: content.Length / 2);
        Assert.NotEqual(0, killed.Code);
        var (code, said) = Upload(host, file, "resumed", parallel: 1, dieAt: 0);
        Assert.True(code == 0, said);
        Assert.True((long)JsonNode.Parse(said.Split('\n')[0])!["first"]! > content.Length / 4, "The second run began from the start: " + said);
        Assert.Equal(content, await host.Client.GetByteArrayAsync("api/v1/scopes/main/files/resumed"));
    }

    [NodeFact, Trait("Behaviour", "U7")]
    public async Task Tus_js_client_uploads_four_parts_at_a_time()
    {
        await using var host = await GranaryHost.StartAsync();
        var (file, content) = MakeFile(s_size + 7);
        var (code, said) = Upload(host, file, "parallel", parallel: 4, dieAt: 0);
        Assert.True(code == 0, said);
        using var get = await host.Client.GetAsync("api/v1/scopes/main/files/parallel");
        Assert.Equal("application/x-tus-test", get.Content.Headers.ContentType!.ToString());
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }

    [ChromiumFact, Trait("Behaviour", "U4")]
    public async Task Uppy_uploads_a_file_that_was_dropped_on_a_page_of_another_origin()
    {
        var port = FreePort();
        await using var host = await GranaryHost.StartAsync(
            new GranaryHostOptions { Settings = { ["GRANARY_CORS_ORIGINS"] = $"http://127.0.0.1:{port}" } });
        const int Size = (8 << 20) + 99;
        var (code, said) = NodeClients.Run(
            "uppy.js", NodeClients.Chromium!, host.Url + "/api/v1/scopes/main/tus", host.OperatorKey, $"{port}", "dropped.bin", $"{Size}");
        output.WriteLine(said);
        Assert.True(code == 0, said);
        using var get = await host.Client.GetAsync("api/v1/scopes/main/files/dropped.bin");
        Assert.Equal("application/x-uppy-test", get.Content.Headers.ContentType!.ToString());
        var bytes = await get.Content.ReadAsByteArrayAsync();
        Assert.Equal(Enumerable.Range(0, Size).Select(static i => (byte)((i * 31) + (i >> 8))), bytes);
    }

    private (int Code, string Output) Upload(GranaryHost host, string file, string path, int parallel, long dieAt) => NodeClients.Run(
        "tus.js", host.Url + "/api/v1/scopes/main/tus", host.OperatorKey, file, path, _temp["urls.json"], $"{parallel}", $"{dieAt}");

    private (string File, byte[] Content) MakeFile(int size)
    {
        var content = Seeds.Create(output).Bytes(size);
        var file = _temp["content"];
        File.WriteAllBytes(file, content);
        return (file, content);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
