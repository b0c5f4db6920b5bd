using Amazon.Runtime;
using Amazon.S3;
using Granary.Stores;

namespace Granary.TestSupport;

/// <summary>
/// The real S3 server for tests: the one that GRANARY_TEST_S3 = "endpoint accessKey secretKey" names, else one that this
/// process starts by test/servers/s3.sh where its programs are installed, and wipes when it ends.
/// </summary>
public sealed class S3Server
{
    /// <summary>The environment variable that names a server.</summary>
    public const string Variable = "GRANARY_TEST_S3";

    private static readonly Lazy<S3Server> s_current = new(Start);

    private S3Server(Uri endpoint, StoreCredentials credentials, string? folder)
    {
        Endpoint = endpoint;
        Credentials = credentials;
        Folder = folder;
    }

    /// <summary>Why there is no server; null when there is one, or one can be started.</summary>
    public static string? Missing { get; } =
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)) || Programs().All(Repository.HasProgram)
            ? null
            : $"no S3 server: set {Variable}, or install one with test/servers/s3.sh install";

    /// <summary>The server; started at the first use.</summary>
    public static S3Server Current => s_current.Value;

    /// <summary>Scheme, host and port.</summary>
    public Uri Endpoint { get; }

    /// <summary>Keys that may do everything.</summary>
    public StoreCredentials Credentials { get; }

    /// <summary>The state folder of a server that this process started; null for another's.</summary>
    public string? Folder { get; }

    /// <summary>A client of the SDK, for looking behind the store's back.</summary>
    public AmazonS3Client Client() => new(new BasicAWSCredentials(Credentials.AccessKey, Credentials.SecretKey), new AmazonS3Config
    {
        ServiceURL = Endpoint.GetLeftPart(UriPartial.Authority),
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>Makes a bucket with a name of its own.</summary>
    public async Task<string> MakeBucketAsync()
    {
        var name = $"granary-{Guid.NewGuid():n}"[..40];
        using var client = Client();
        await client.PutBucketAsync(name);
        return name;
    }

    private static string[] Programs() => ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph"];

    private static S3Server Start()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            var parts = given.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return parts.Length == 3
                ? new(new Uri(parts[0]), new(parts[1], parts[2]), null)
                : throw new InvalidOperationException($"{Variable} must be \"endpoint accessKey secretKey\".");
        }

        if (Missing is { } missing)
            throw new InvalidOperationException(missing);

        // Sockets lie in the folder, and their paths have room for 107 bytes.
        var folder = Directory.CreateDirectory($"/var/tmp/granary-s3-{Environment.ProcessId}").FullName;
        var script = Path.Combine(Repository.Root, "test/servers/s3.sh");
        var environment = new Dictionary<string, string>
        {
            ["GRANARY_S3_DIR"] = Path.Combine(folder, "s3"),
            ["GRANARY_S3_PORT"] = "0",
            ["GRANARY_S3_ACCESS_KEY"] = "granarytestkey00001",
            ["GRANARY_S3_SECRET_KEY"] = $"{Guid.NewGuid():n}",
        };
        AfterExit.Wipe(script, folder, environment);
        var (code, output) = Repository.Run("bash", [script, "start"], environment);
        return code == 0
            ? new(new Uri(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Trim()), new(environment["GRANARY_S3_ACCESS_KEY"], environment["GRANARY_S3_SECRET_KEY"]), environment["GRANARY_S3_DIR"])
            : throw new InvalidOperationException($"The S3 server did not start: {output}");
    }
}
