using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store create STORE: a local folder with --path, a bucket with --bucket and --endpoint.</summary>
internal static class StoreCreateCommand
{
    private const string Local = "local";
    private const string S3 = "s3";

    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = StoreOptions.Name();
        var options = new StoreOptions();
        var place = new Place();
        return new Command("create", "Make a store: --path for a folder of the server, --endpoint and --bucket for S3")
            .With(name)
            .With(place.All)
            .With(
                options.AccessKey, options.SecretKeyFile, options.ExternalEndpoint, options.StorageClass, options.Checksums,
                options.InstanceWide, options.SoftMaxSize, options.MaxSize, options.MaxConcurrentReads, options.MaxConcurrentWrites, options.Verify)
            .Does(runner, async (session, cancellationToken) =>
            {
                var request = await RequestAsync(session, session.Value(name)!, place, options, cancellationToken);
                var store = await session.Client.SendAsync<CreateStore, FileStore>(HttpMethod.Post, StoreView.Root, request, cancellationToken)
                    ?? await session.Client.GetAsync<FileStore>(StoreView.Target(request.Name), cancellationToken);
                StoreView.Print(session, store);
                session.Say($"Let a tenant use it with 'granary tenant edit TENANT --add-store {request.Name}', and its scope with 'granary scope attach SCOPE {request.Name} --upload-priority N --download-priority N'.");
                return ExitCode.Done;
            });
    }

    private static async Task<CreateStore> RequestAsync(Session session, string name, Place place, StoreOptions options, CancellationToken cancellationToken)
    {
        var backend = session.Value(place.Backend) ?? (session.Has(place.Path) ? Local : session.Has(place.Bucket) ? S3 : null);
        var configuration = backend switch
        {
            Local => LocalPlace(session, place),
            S3 => await S3PlaceAsync(session, place, options, cancellationToken),
            _ => throw new UsageException("say where the bytes go: --path DIR for a folder of the server, or --endpoint URL --bucket NAME for S3."),
        };
        return new CreateStore(
            name, backend!, configuration, session.Has(options.InstanceWide) ? session.Value(options.InstanceWide) ?? true : null,
            Values.Size("--soft-max-size", session.Value(options.SoftMaxSize)),
            Values.Size("--max-size", session.Value(options.MaxSize)),
            (int?)Values.Number("--max-concurrent-reads", session.Value(options.MaxConcurrentReads)),
            (int?)Values.Number("--max-concurrent-writes", session.Value(options.MaxConcurrentWrites)),
            session.Value(options.Verify));
    }

    private static StoreConfiguration LocalPlace(Session session, Place place) => new()
    {
        Path = session.Value(place.Path) ?? throw new UsageException("a local store needs --path DIR."),
        Silo = session.Value(place.Silo),
    };

    private static async Task<StoreConfiguration> S3PlaceAsync(Session session, Place place, StoreOptions options, CancellationToken cancellationToken) => new()
    {
        Endpoint = session.Value(place.Endpoint) ?? throw new UsageException("an s3 store needs --endpoint URL."),
        Bucket = session.Value(place.Bucket) ?? throw new UsageException("an s3 store needs --bucket NAME."),
        Region = session.Value(place.Region),
        Prefix = session.Value(place.Prefix),
        ExternalEndpoint = session.Value(options.ExternalEndpoint),
        AccessKey = session.Value(options.AccessKey) ?? session.Variable("GRANARY_S3_ACCESS_KEY")
            ?? throw new UsageException("an s3 store needs --access-key ID, or GRANARY_S3_ACCESS_KEY."),
        SecretKey = await SecretSource.ReadAsync(session, "--secret-key-file", session.Value(options.SecretKeyFile), "GRANARY_S3_SECRET_KEY", cancellationToken)
            ?? throw new UsageException("an s3 store needs --secret-key-file FILE, or GRANARY_S3_SECRET_KEY."),
        StorageClass = session.Value(options.StorageClass),
        ForcePathStyle = session.Has(place.ForcePathStyle) ? session.Value(place.ForcePathStyle) ?? true : null,
        Checksums = session.Value(options.Checksums),
    };

    /// <summary>Where the bytes are; this cannot change later.</summary>
    private sealed class Place
    {
        public Option<string?> Backend { get; } = new Option<string?>("--backend") { Description = "Kind of store [default: by the other options]", HelpName = "local|s3" }.AcceptOnly(Local, S3);

        public Option<string?> Path { get; } = new("--path") { Description = "local: folder on the server", HelpName = "DIR" };

        public Option<string?> Silo { get; } = new("--silo") { Description = "local: the silo that owns the folder; none for a shared mount", HelpName = "NAME" };

        public Option<string?> Endpoint { get; } = new("--endpoint") { Description = "s3: address of the service", HelpName = "URL" };

        public Option<string?> Bucket { get; } = new("--bucket") { Description = "s3: bucket", HelpName = "NAME" };

        public Option<string?> Region { get; } = new("--region") { Description = "s3: region", HelpName = "NAME" };

        public Option<string?> Prefix { get; } = new("--prefix") { Description = "s3: what every key starts with", HelpName = "TEXT" };

        public Option<bool?> ForcePathStyle { get; } = new("--force-path-style") { Description = "s3: the bucket goes in the path, not in the host name" };

        public Symbol[] All => [Backend, Path, Silo, Endpoint, Bucket, Region, Prefix, ForcePathStyle];
    }
}
