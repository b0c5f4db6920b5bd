using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Granary.Silo.Commands;
using Granary.Silo.Configuration;
using Granary.Silo.Data;

namespace Granary.Silo.LocalCluster;

/// <summary>
/// <c>up --silos N</c>: MariaDB, Redis and N silo processes on this machine, all under one data folder. This process only
/// starts them, starts silos again that end by themselves, and ends everything together.
/// </summary>
internal static class LocalClusterCommand
{
    private const int PortStep = 10;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    /// <summary>Runs it until it is told to stop. The data folder is held by the caller.</summary>
    public static async Task<int> RunAsync(SiloSettings settings, int silos, DataFolder folder, StopSignals stop, TimeProvider time)
    {
        if (LocalServers.Missing() is { Count: > 0 } missing)
        {
            throw new StartException($"--silos {silos} needs programs that are missing here; install the packages {string.Join(", ", missing)}.");
        }

        var ports = new LocalPorts(Path.Combine(folder.Root, "ports"));
        await using var servers = new LocalServers(folder.Root, ports, time);
        var children = new ChildProcess?[silos];
        try
        {
            Console.Error.WriteLine("Starting MariaDB and Redis ...");
            await servers.StartAsync(stop.Token);
            var environment = Environments(settings, servers, folder.Root);
            Console.Error.WriteLine("Bringing the database up to date ...");
            await MigrateAsync(folder.Root, environment, stop.Token);
            Console.Error.WriteLine($"Starting {silos} silos ...");
            var urls = new string[silos];
            for (var i = 0; i < silos; i++)
            {
                urls[i] = $"http://{Host(settings)}:{settings.Http.Port + (i * PortStep)}";
                children[i] = StartSilo(i, settings, ports, folder.Root, environment);
            }

            await WaitUntilReadyAsync(urls, children, folder.Root, time, stop.Token);
            folder.Announce(urls[0]);
            ReadyText.Print(Console.Out, urls[0], settings);
            Console.Out.WriteLine($"The silos: {string.Join(", ", urls)}");
            await await Task.WhenAny(servers.SuperviseAsync(stop.Token), SuperviseAsync(children, i => StartSilo(i, settings, ports, folder.Root, environment), time, stop.Token));
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine("Stopping ...");
        }
        finally
        {
            await Task.WhenAll(children.OfType<ChildProcess>().Select(child => child.StopAsync(LongestStop, time)));
        }

        return stop.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static Dictionary<string, string?> Environments(SiloSettings settings, LocalServers servers, string root)
    {
        // Secrets go by file, so that no process list shows them.
        var keys = Hosting.InstallationKeys.ReadOrMake(settings);
        var cluster = SecretFile(root, "cluster.key", () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var database = SecretFile(root, "database.connection", () => servers.Database);
        File.WriteAllText(database, servers.Database);
        return new Dictionary<string, string?>
        {
            ["GRANARY_DATABASE_FILE"] = database,
            ["GRANARY_CLUSTER_REDIS"] = servers.Redis,
            ["GRANARY_CLUSTER_KEY_FILE"] = cluster,
            ["GRANARY_OPERATOR_KEY_FILE"] = SecretFile(root, "operator.key", () => keys.OperatorKey),
            ["GRANARY_ENCRYPTION_KEY_FILE"] = SecretFile(root, "encryption.key", () => Convert.ToBase64String(keys.EncryptionKey)),
            ["GRANARY_OPERATOR_KEY"] = null,
            ["GRANARY_ENCRYPTION_KEY"] = null,
            ["GRANARY_DATABASE"] = null,
            ["GRANARY_CLUSTER_KEY"] = null,
            ["GRANARY_CLUSTER_REDIS_FILE"] = null,
            ["GRANARY_ADVERTISED_ADDRESS"] = "127.0.0.1",

            // Silos that share a machine: a pool whose threads spin before they sleep takes the processors from the others.
            ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        };
    }

    private static string SecretFile(string root, string name, Func<string> make)
    {
        var file = Path.Combine(root, name);
        DataFolder.ReadOrMakeSecret(file, make);
        return file;
    }

    private static ChildProcess StartSilo(int index, SiloSettings settings, LocalPorts ports, string root, Dictionary<string, string?> environment)
    {
        var name = $"silo-{index + 1}";
        var data = Path.Combine(root, name);
        var own = new Dictionary<string, string?>(environment)
        {
            ["GRANARY_DATA"] = data,
            ["GRANARY_SILO_NAME"] = name,
            ["GRANARY_PORT"] = Text(settings.Http.Port + (index * PortStep)),
            ["GRANARY_SILO_PORT"] = Text(ports.Get(name + ".silo")),
            ["GRANARY_INTERNAL_PORT"] = Text(ports.Get(name + ".internal")),
        };
        var (program, first) = Self();
        return ChildProcess.Start(Path.Combine(root, "log", name + ".log"), program, [.. first, "serve"], own);
    }

    private static async Task MigrateAsync(string root, Dictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        var (program, first) = Self();
        var log = Path.Combine(root, "log", "migrate.log");
        using var child = ChildProcess.Start(log, program, [.. first, "migrate"], new Dictionary<string, string?>(environment) { ["GRANARY_DATA"] = Path.Combine(root, "migrate") });
        await child.Exited.WaitAsync(cancellationToken);
        if (child.ExitCode != 0)
        {
            throw new StartException($"The database could not be brought up to date; see {log}.");
        }
    }

    private static async Task WaitUntilReadyAsync(string[] urls, ChildProcess?[] children, string root, TimeProvider time, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var started = time.GetTimestamp();
        for (var i = 0; i < urls.Length;)
        {
            if (await IsReadyAsync(client, urls[i], cancellationToken))
            {
                i++;
            }
            else if (children[i]!.HasExited || time.GetElapsedTime(started) > LongestStart)
            {
                throw new StartException($"Silo silo-{i + 1} did not start; see {Path.Combine(root, "log", $"silo-{i + 1}.log")}.");
            }
            else
            {
                await Task.Delay(Interval, time, cancellationToken);
            }
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, string url, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(url + "/api/v1/ready"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A silo that ended by itself (killed, or found dead by the others) is started again, as a cluster's controller would.</summary>
    private static async Task SuperviseAsync(ChildProcess?[] children, Func<int, ChildProcess> start, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.WhenAny(children.Select(child => child!.Exited)).WaitAsync(cancellationToken);
            for (var i = 0; i < children.Length; i++)
            {
                if (children[i]!.HasExited)
                {
                    Console.Error.WriteLine($"silo-{i + 1} ended with {children[i]!.ExitCode}; it is started again.");
                    children[i]!.Dispose();
                    await Task.Delay(RestartDelay, time, CancellationToken.None);
                    children[i] = start(i);
                }
            }
        }
    }

    private static (string Program, string[] First) Self()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? (program, [typeof(LocalClusterCommand).Assembly.Location]) : (program, []);
    }

    private static string Host(SiloSettings settings) => settings.Http.Listen.Equals(IPAddress.Any) ? "127.0.0.1" : settings.Http.Listen.ToString();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
