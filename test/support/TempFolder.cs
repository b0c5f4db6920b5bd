namespace Granary.TestSupport;

/// <summary>A folder that is removed with everything in it.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Makes one below the system's folder for temporary files.</summary>
    public TempFolder() => Path = Directory.CreateTempSubdirectory("granary-").FullName;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>A path inside, which need not exist.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a folder inside.</summary>
    public string Make(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Directory.Exists(Path))
            return;
        Directory.Delete(Path, recursive: true);
    }
}
