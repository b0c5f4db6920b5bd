using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Granary.Process.Tests.Servers;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Process.Tests.Deployment;

/// <summary>A silo behind nginx, both real, for all tests of the class.</summary>
public sealed class SiloBehindNginx : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private ServerProcess? _silo;
    private NginxProcess? _nginx;

    internal ServerProcess Silo => _silo!;

    internal NginxProcess Nginx => _nginx!;

    public async Task InitializeAsync()
    {
        if (Requirement.SkipReason(Repository.HasProgram("nginx") ? null : "no nginx") is null)
        {
            _silo = await ServerProcess.UpAsync(_folder["data"], ("GRANARY_TRUSTED_PROXIES", "127.0.0.1"));
            _nginx = await NginxProcess.StartAsync(_silo.Url);
        }
    }

    public async Task DisposeAsync()
    {
        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }

        if (_silo is not null)
        {
            await _silo.DisposeAsync();
        }

        _folder.Dispose();
    }
}

/// <summary>The sample of a proxy in front of silos does what clients need.</summary>
public sealed class NginxTests(SiloBehindNginx servers, ITestOutputHelper output) : IClassFixture<SiloBehindNginx>
{
    private const string Files = "api/v1/scopes/main/files/";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Random _random = Seeds.Create(output);

    [NginxFact]
    public async Task A_large_put_streams_through_and_the_silo_stores_chunks_before_its_end_is_sent()
    {
        var content = Bytes(40 << 20);
        using var half = new HalfSent(content);
        using var client = Client();
        var put = client.PutAsync(Files + "large", half);
        await half.Begun.WaitAsync(Limit);

        // Four whole chunks of what was sent are on the silo's disk, none of it on nginx's, while the rest is not sent.
        var stored = Path.Combine(servers.Silo.Data, "stores", "local", "chunks");
        await Eventually.BecomesAsync(
            () => Directory.Exists(stored) && Directory.EnumerateFiles(stored, "*", SearchOption.AllDirectories).Count(file => new FileInfo(file).Length == 4 << 20) >= 4,
            "the silo stored what was sent so far", Limit);
        Assert.False(put.IsCompleted);
        Assert.Empty(servers.Nginx.Buffered);
        half.Finish();
        using var answer = await put.WaitAsync(Limit);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await client.GetByteArrayAsync(Files + "large")));
        Assert.Empty(servers.Nginx.Buffered);
    }

    [NginxFact]
    public async Task Ranges_and_paths_pass_as_they_were_sent()
    {
        var content = Bytes(9_000_000);
        const string Path = Files + "a%20b/%C3%A4%2Fc/d%25e"; // a slash, a percent sign and an umlaut, encoded
        using var client = Client();
        using var put = await client.SendAsync(new HttpRequestMessage(HttpMethod.Put, Raw(Path)) { Content = new ByteArrayContent(content) });
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        using var range = new HttpRequestMessage(HttpMethod.Get, Raw(Path));
        range.Headers.Range = new RangeHeaderValue(4_194_000, 4_500_000);
        using var part = await client.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(content[4_194_000..4_500_001], await part.Content.ReadAsByteArrayAsync());
        using var suffix = new HttpRequestMessage(HttpMethod.Get, Raw(Path));
        suffix.Headers.Range = new RangeHeaderValue(null, 10);
        using var end = await client.SendAsync(suffix);
        Assert.Equal(content[^10..], await end.Content.ReadAsByteArrayAsync());
        using var seen = await client.GetAsync(Files.TrimEnd('/') + "?prefix=a");
        Assert.Contains("ä/c/d%e", System.Text.RegularExpressions.Regex.Unescape(await seen.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    [NginxFact]
    public async Task A_tus_upload_that_was_cut_off_goes_on_where_it_was()
    {
        var content = Bytes(6_000_000);
        using var client = Client();
        client.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
        using var create = new HttpRequestMessage(HttpMethod.Post, "api/v1/scopes/main/tus");
        create.Headers.Add("Upload-Length", $"{content.Length}");
        create.Headers.Add("Upload-Metadata", "path " + Convert.ToBase64String("resumed"u8));
        using var created = await client.SendAsync(create);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var upload = new Uri(servers.Nginx.Url, created.Headers.Location!);
        Assert.Equal(servers.Nginx.Url.Authority, upload.Authority);

        // The connection breaks in the middle of a PATCH: what arrived counts.
        using var half = new HalfSent(content);
        using var cut = new CancellationTokenSource();
        var patch = client.SendAsync(Patch(upload, 0, half), cut.Token);
        await half.Begun.WaitAsync(Limit);
        await Task.Delay(300);
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patch);
        var offset = 0L;
        for (var tries = 0; offset == 0; tries++)
        {
            Assert.True(tries < 200, "Nothing of what was sent arrived.");
            using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, upload));
            offset = head.IsSuccessStatusCode ? long.Parse(head.Headers.GetValues("Upload-Offset").Single()) : 0;
            await Task.Delay(50);
        }

        Assert.InRange(offset, 1, content.Length / 2);
        using var rest = await client.SendAsync(Patch(upload, offset, new ByteArrayContent(content[(int)offset..])));
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await client.GetByteArrayAsync(Files + "resumed")));
    }

    [NginxFact]
    public async Task Changes_are_followed_over_a_web_socket()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("granary.changes.v1");
        socket.Options.SetRequestHeader("Authorization", $"Bearer {servers.Silo.OperatorKey}");
        using var limit = new CancellationTokenSource(Limit);
        await socket.ConnectAsync(new Uri($"ws://{servers.Nginx.Url.Authority}/api/v1/scopes/main/changes"), limit.Token);
        Assert.Equal("granary.changes.v1", socket.SubProtocol);

        // What was committed before it says that it follows is not news.
        await ReceiveUntilAsync(socket, "\"type\":\"connected\"", limit.Token);
        using var client = Client();
        using var put = await client.PutAsync(Files + "followed", new StringContent("x"));
        Assert.True(put.IsSuccessStatusCode, $"{put.StatusCode} {await put.Content.ReadAsStringAsync()}");
        await ReceiveUntilAsync(socket, "\"followed\"", limit.Token);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
    }

    private static async Task ReceiveUntilAsync(ClientWebSocket socket, string text, CancellationToken cancellationToken)
    {
        var frames = new StringBuilder();
        var buffer = new byte[16 << 10];
        while (!frames.ToString().Contains(text, StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            frames.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
        }
    }

    [NginxFact]
    public async Task Requests_pass_over_silos_that_refuse_connections()
    {
        using var client = Client();
        for (var i = 0; i < 20; i++)
        {
            using var put = await client.PutAsync($"{Files}over/{i}", new StringContent($"{i}"));
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            Assert.Equal($"{i}", await client.GetStringAsync($"{Files}over/{i}"));
        }
    }

    [NginxFact]
    public async Task The_silo_is_told_who_asked_and_not_what_the_client_claims()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var nginx = await NginxProcess.StartAsync($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var client = new HttpClient { BaseAddress = nginx.Url, Timeout = Limit };
        using var request = new HttpRequestMessage(HttpMethod.Get, "x");
        request.Headers.Host = "files.example.org";
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        var asked = client.SendAsync(request);
        using var upstream = await listener.AcceptTcpClientAsync().WaitAsync(Limit);
        var stream = upstream.GetStream();
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer).AsTask().WaitAsync(Limit)));
        }

        await stream.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var answer = await asked;
        var lines = text.ToString().Split("\r\n");
        Assert.Equal("GET /x HTTP/1.1", lines[0]);
        Assert.Equal(["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: files.example.org", "X-Forwarded-Proto: http"], lines.Where(line => line.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)).Order());
        Assert.Contains("Host: files.example.org", lines);
    }

    private static HttpRequestMessage Patch(Uri upload, long offset, HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, upload) { Content = content };
        request.Headers.Add("Upload-Offset", $"{offset}");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        return request;
    }

    private HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = servers.Nginx.Url, Timeout = Limit };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", servers.Silo.OperatorKey);
        return client;
    }

    private Uri Raw(string path) => new(servers.Nginx.Url + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private byte[] Bytes(int length)
    {
        var content = new byte[length];
        _random.NextBytes(content);
        return content;
    }

    /// <summary>A body whose second half is sent when the test says so.</summary>
    private sealed class HalfSent(byte[] content) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Finish() => _finish.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(content.AsMemory(0, content.Length / 2), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            _begun.TrySetResult();
            await _finish.Task.WaitAsync(cancellationToken);
            await stream.WriteAsync(content.AsMemory(content.Length / 2), cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length;
            return true;
        }
    }
}
