using System.Diagnostics;
using Granary.TestHost;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Clients.Tests;

/// <summary>curl, wget and aria2c are killed in the middle of a download and go on with what they have (RFC 9110, 14).</summary>
public sealed class DownloadTests(ITestOutputHelper output) : IDisposable
{
    private const int Size = (48 << 20) + 123;
    private const string Rate = "24M";
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Downloader("curl"), Trait("Behaviour", "D14")]
    public Task Curl_resumes() => ResumesAsync(
        "curl", (url, key) => ["-sS", "--fail", "--limit-rate", Rate, "-C", "-", "-w", "%{http_code} %{size_download}", "-H", key, "-o", _temp["got"], url],
        said => Assert.True(said.StartsWith("206 ", StringComparison.Ordinal) && int.Parse(said[4..]) < Size - 1_000_000, said));

    [Downloader("wget"), Trait("Behaviour", "D14")]
    public Task Wget_resumes() => ResumesAsync(
        "wget", (url, key) => ["-nv", "-S", "--tries=1", "--limit-rate=" + Rate, "-c", "--header", key, "-O", _temp["got"], url],
        said => Assert.Contains("206 Partial Content", said));

    [Downloader("aria2c"), Trait("Behaviour", "D14")]
    public Task Aria2_resumes_with_eight_ranges_at_a_time() => ResumesAsync(
        "aria2c",
        (url, key) =>
        [
            "--no-conf", "-c", "-x8", "-s8", "-k1M", "--file-allocation=none", "--auto-save-interval=1", "--max-overall-download-limit=" + Rate,
            "--header", key, "-d", Path.GetDirectoryName(_temp["got"])!, "-o", "got", url,
        ],
        said => Assert.Contains("download completed", said));

    private async Task ResumesAsync(string program, Func<string, string, string[]> arguments, Action<string> wasResumed)
    {
        await using var host = await GranaryHost.StartAsync();
        var content = Seeds.Create(output).Bytes(Size);
        using (var put = await host.Client.PutAsync("api/v1/scopes/main/files/big", new ByteArrayContent(content)))
            Assert.True(put.IsSuccessStatusCode);
        var command = arguments(host.Url + "/api/v1/scopes/main/files/big", "Authorization: Bearer " + host.OperatorKey);

        await KillHalfwayAsync(program, command);
        Assert.True(new FileInfo(_temp["got"]).Length > 0);
        var (code, said) = Repository.Run(program, command);
        output.WriteLine(said);
        Assert.True(code == 0, said);
        wasResumed(said);
        var got = await File.ReadAllBytesAsync(_temp["got"]);
        Assert.True(content.AsSpan().SequenceEqual(got), "The bytes differ.");
    }

    private async Task KillHalfwayAsync(string program, string[] command)
    {
        using var first = Process.Start(new ProcessStartInfo(program, command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = first.StandardOutput.ReadToEndAsync();
        _ = first.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (Blocks() < Size / 3 || !HasNotesOf(program))
        {
            Assert.False(first.HasExited, $"{program} ended by itself.");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), $"{program} got nowhere.");
            await Task.Delay(20);
        }

        first.Kill();
        await first.WaitForExitAsync();
    }

    // aria2 fills the file in eight places: its length says nothing, its control file comes every second.
    private long Blocks() => File.Exists(_temp["got"]) ? new FileInfo(_temp["got"]).Length : 0;

    private bool HasNotesOf(string program) => program != "aria2c" || File.Exists(_temp["got.aria2"]);
}

/// <summary>A test that drives a program which downloads.</summary>
internal sealed class DownloaderAttribute : FactAttribute
{
    /// <summary>Skips where it is missing.</summary>
    public DownloaderAttribute(string program) =>
        Skip = Requirement.SkipReason(Repository.HasProgram(program) ? null : $"Needs the program {program} (./granary test --install).");
}
