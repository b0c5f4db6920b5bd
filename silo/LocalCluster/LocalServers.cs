using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Granary.Silo.Commands;
using Granary.Silo.Data;

namespace Granary.Silo.LocalCluster;

/// <summary>MariaDB and Redis of a cluster on one machine: the system's programs, their data under the data folder, on loopback.</summary>
internal sealed class LocalServers : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private readonly string _root;
    private readonly LocalPorts _ports;
    private readonly TimeProvider _time;
    private ChildProcess? _redis;
    private ChildProcess? _mariaDb;

    /// <summary>Over a data folder that this process holds.</summary>
    public LocalServers(string root, LocalPorts ports, TimeProvider time) => (_root, _ports, _time) = (root, ports, time);

    /// <summary>As silos take it.</summary>
    public string Database { get; private set; } = "";

    /// <summary>As silos take it.</summary>
    public string Redis { get; private set; } = "";

    /// <summary>Programs that are missing, with the packages that bring them; empty where all are there.</summary>
    public static IReadOnlyList<string> Missing() =>
        [.. new[] { ("mariadbd", "mariadb-server"), ("mariadb-install-db", "mariadb-server"), ("mariadb", "mariadb-client"), ("redis-server", "redis-server"), ("setsid", "util-linux") }
            .Where(pair => FindProgram(pair.Item1) is null).Select(pair => pair.Item2).Distinct()];

    /// <summary>Starts both, the database with its schema's owner.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await StartRedisAsync(cancellationToken);
        await StartMariaDbAsync(cancellationToken);
    }

    /// <summary>Starts a server again that ended by itself, until told to stop.</summary>
    public async Task SuperviseAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.WhenAny(_redis!.Exited, _mariaDb!.Exited).WaitAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1), _time, cancellationToken);
            if (_redis.HasExited)
            {
                Console.Error.WriteLine("Redis ended; it is started again.");
                await StartRedisAsync(cancellationToken);
            }
            else
            {
                Console.Error.WriteLine("MariaDB ended; it is started again.");
                await StartMariaDbAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { _redis, _mariaDb }.OfType<ChildProcess>())
        {
            await server.StopAsync(TimeSpan.FromSeconds(30), _time);
            server.Dispose();
        }
    }

    private async Task StartRedisAsync(CancellationToken cancellationToken)
    {
        var port = _ports.Get("redis");
        var folder = Directory.CreateDirectory(Path.Combine(_root, "redis")).FullName;
        _redis = ChildProcess.Start(Log("redis"), FindProgram("redis-server")!, [
            "--bind", "127.0.0.1", "--port", Text(port), "--dir", folder, "--save", "", "--appendonly", "yes", "--pidfile", Path.Combine(folder, "pid")]);
        Redis = $"127.0.0.1:{port}";
        await WaitAsync("Redis", _redis, () => AcceptsAsync(new IPEndPoint(IPAddress.Loopback, port)), cancellationToken);
    }

    private async Task StartMariaDbAsync(CancellationToken cancellationToken)
    {
        var port = _ports.Get("mariadb");
        var folder = Path.Combine(_root, "mariadb");
        var password = DataFolder.ReadOrMakeSecret(Path.Combine(_root, "database.password"), static () => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(24)));

        // A path of a socket has room for 107 bytes, and a data folder may lie deep.
        var socket = $"/tmp/granary-mariadb-{port}.sock";
        var made = Path.Combine(folder, "made");
        if (!File.Exists(made))
        {
            await MakeDatabaseAsync(folder, cancellationToken);
        }

        _mariaDb = ChildProcess.Start(Log("mariadb"), FindProgram("mariadbd")!, [
            "--no-defaults", $"--datadir={Path.Combine(folder, "data")}", $"--user={Environment.UserName}", $"--socket={socket}", $"--port={port}",
            $"--pid-file={Path.Combine(folder, "pid")}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin", "--max-connections=400", "--innodb-buffer-pool-size=256M",
            "--innodb-log-file-size=128M", "--innodb-flush-log-at-trx-commit=1", "--performance-schema=OFF"]);
        await WaitAsync("MariaDB", _mariaDb, () => AcceptsAsync(new UnixDomainSocketEndPoint(socket)), cancellationToken);
        await RunAsync("mariadb", ["--no-defaults", "--protocol=socket", $"--socket={socket}", $"--user={Environment.UserName}"],
            $"CREATE DATABASE IF NOT EXISTS granary; CREATE USER IF NOT EXISTS granary@'localhost' IDENTIFIED BY '{password}'; GRANT ALL ON granary.* TO granary@'localhost';", cancellationToken);
        await File.WriteAllTextAsync(made, "", cancellationToken);

        // Not through TCP: a PUT asks the database a dozen things, and each way through the network's layers costs both sides.
        Database = $"Server={socket};Database=granary;User ID=granary;Password={password}";
    }

    private async Task MakeDatabaseAsync(string folder, CancellationToken cancellationToken)
    {
        // A first start that was cut short begins anew: nothing was ever stored in it.
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        await RunAsync("mariadb-install-db", [
            "--no-defaults", $"--datadir={Path.Combine(folder, "data")}", $"--user={Environment.UserName}", "--auth-root-authentication-method=socket",
            $"--auth-root-socket-user={Environment.UserName}", "--skip-test-db"], "", cancellationToken);
    }

    private async Task RunAsync(string program, IEnumerable<string> arguments, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(FindProgram(program)!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new IOException($"{program} could not be started.");
        var talk = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        await File.AppendAllLinesAsync(Log("mariadb"), await talk, cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new StartException($"{program} failed with {process.ExitCode}; see {Log("mariadb")}.");
        }
    }

    private async Task WaitAsync(string what, ChildProcess server, Func<Task<bool>> answers, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (!await answers())
        {
            if (server.HasExited || _time.GetElapsedTime(started) > LongestStart)
            {
                throw new StartException($"{what} did not start; see {Path.Combine(_root, "log")}.");
            }

            await Task.Delay(Interval, _time, cancellationToken);
        }
    }

    private string Log(string server) => Path.Combine(_root, "log", server + ".log");

    private static async Task<bool> AcceptsAsync(EndPoint place)
    {
        try
        {
            using var client = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            await client.ConnectAsync(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Debian puts servers where only root's path looks.
    private static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"])
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
