using Microsoft.Extensions.Logging;

namespace Granary.Silo.Configuration;

/// <summary>All settings of one silo process.</summary>
public sealed class SiloSettings
{
    /// <summary>Name of the silo; its local stores and its blocks of space belong to it. Default <c>silo-1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Least severe log lines of Granary itself that are written. Default Information.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>Whether this silo serves the API; a worker does not.</summary>
    public required bool IsWorker { get; init; }

    /// <summary>The role as operators know it: <c>serve</c> or <c>worker</c>.</summary>
    public string Role => IsWorker ? "worker" : "serve";

    /// <summary>The cluster; null for a silo of its own.</summary>
    public required ClusterOptions? Cluster { get; init; }

    /// <summary>HTTP.</summary>
    public required HttpOptions Http { get; init; }

    /// <summary>Folders and stores.</summary>
    public required StorageOptions Storage { get; init; }

    /// <summary>An upload session ends when nothing comes for so long. Default 24 h.</summary>
    public required TimeSpan UploadExpiry { get; init; }

    /// <summary>Secrets.</summary>
    public required SecretOptions Secrets { get; init; }

    /// <summary>Change logs and webhooks.</summary>
    public required ChangeOptions Changes { get; init; }

    /// <summary>Every setting as it is in force, secrets left out.</summary>
    public required IReadOnlyList<EffectiveSetting> Effective { get; init; }

    /// <summary>Reads and checks all settings.</summary>
    /// <param name="variables">Environment, with command line options laid over it.</param>
    /// <param name="defaultData">Data folder where none is given.</param>
    /// <exception cref="InvalidSettingsException">One or more are wrong; it carries a sentence for each.</exception>
    /// <param name="isWorker">True for the role <c>worker</c>.</param>
    public static SiloSettings Read(IReadOnlyDictionary<string, string> variables, string defaultData, bool isWorker = false)
    {
        var source = new SettingSource(variables);
        var storage = StorageOptions.Read(source, defaultData);
        var secrets = SecretOptions.Read(source);
        var cluster = ClusterOptions.Read(source, secrets, storage.Database is not null);
        if (isWorker && cluster is null)
        {
            source.Fail("GRANARY_CLUSTER_REDIS", "(none)", "a worker is a member of a cluster; give the cluster's Redis, or run `serve`");
        }

        var settings = new SiloSettings
        {
            Storage = storage,
            Http = HttpOptions.Read(source),
            Name = ReadName(source),
            UploadExpiry = source.Duration("GRANARY_UPLOAD_EXPIRY", TimeSpan.FromHours(24), TimeSpan.FromSeconds(1), TimeSpan.FromDays(365)),
            Secrets = secrets,
            Cluster = cluster,
            IsWorker = isWorker,
            LogLevel = Enum.Parse<LogLevel>(source.Word("GRANARY_LOG_LEVEL", "Information", Enum.GetNames<LogLevel>())),
            Changes = ChangeOptions.Read(source),
            Effective = source.Effective,
        };
        return source.Errors.Count == 0 ? settings : throw new InvalidSettingsException(source.Errors);
    }

    private static string ReadName(SettingSource source)
    {
        var name = source.Text("GRANARY_SILO_NAME", "silo-1");
        if (name.Length <= 63 && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') && name[0] != '-')
        {
            return name;
        }

        source.Fail("GRANARY_SILO_NAME", name, "use lower-case letters, digits and hyphens, 63 at most");
        return "silo-1";
    }
}

/// <summary>Settings are wrong; the silo does not start.</summary>
/// <param name="errors">One sentence each.</param>
public sealed class InvalidSettingsException(IReadOnlyList<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>One sentence each: the setting, its value, the fix.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
