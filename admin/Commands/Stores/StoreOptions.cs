using System.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>Options that creating and editing a store share. Sizes and bounds can be unset.</summary>
internal sealed class StoreOptions
{
    /// <summary>The name of a store.</summary>
    public static Argument<string> Name() => new("store") { Description = "Name of the store", HelpName = "STORE" };

    /// <summary>Usable by scopes of every tenant that may.</summary>
    public Option<bool?> InstanceWide { get; } = new("--instance-wide") { Description = "More than one scope may use it [=false: only one]" };

    /// <summary>What maintenance keeps it below.</summary>
    public Option<string?> SoftMaxSize { get; } = new("--soft-max-size") { Description = "Size that maintenance brings the store back to", HelpName = "SIZE" };

    /// <summary>Never passed.</summary>
    public Option<string?> MaxSize { get; } = new("--max-size") { Description = "Size that is never passed", HelpName = "SIZE" };

    /// <summary>Reads at once.</summary>
    public Option<string?> MaxConcurrentReads { get; } = new("--max-concurrent-reads") { Description = "Reads at a time", HelpName = "N" };

    /// <summary>Writes at once.</summary>
    public Option<string?> MaxConcurrentWrites { get; } = new("--max-concurrent-writes") { Description = "Writes at a time", HelpName = "N" };

    /// <summary>When a copy counts.</summary>
    public Option<string?> Verify { get; } = new Option<string?>("--verify") { Description = "How copies made by maintenance are verified", HelpName = "read-back|backend" }.AcceptOnly("read-back", "backend");

    /// <summary>s3: id of the access key.</summary>
    public Option<string?> AccessKey { get; } = new("--access-key") { Description = "s3: id of the access key [env: GRANARY_S3_ACCESS_KEY]", HelpName = "ID" };

    /// <summary>s3: where the secret is read from; never the secret itself.</summary>
    public Option<string?> SecretKeyFile { get; } = new("--secret-key-file") { Description = "s3: file with the secret key, - for stdin [env: GRANARY_S3_SECRET_KEY]", HelpName = "FILE" };

    /// <summary>s3: what outside clients reach it by.</summary>
    public Option<string?> ExternalEndpoint { get; } = new("--external-endpoint") { Description = "s3: address for clients outside, in redirects", HelpName = "URL" };

    /// <summary>s3: class of new objects.</summary>
    public Option<string?> StorageClass { get; } = new("--storage-class") { Description = "s3: storage class of new objects", HelpName = "CLASS" };

    /// <summary>s3: upload checksum.</summary>
    public Option<string?> Checksums { get; } = new("--checksums") { Description = "s3: upload checksum that the service can take", HelpName = "NAME" };
}

/// <summary>Small additions to System.CommandLine's options.</summary>
internal static class OptionChoices
{
    /// <summary>Lets an option take only these values, and offers them for completion.</summary>
    public static Option<string?> AcceptOnly(this Option<string?> option, params string[] values)
    {
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
