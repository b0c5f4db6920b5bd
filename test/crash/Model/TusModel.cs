namespace Granary.Crash.Tests.Model;

/// <summary>A tus upload that outlives the server, and what its client was told.</summary>
internal sealed class TusModel
{
    public required string Url { get; init; }

    public required string Path { get; init; }

    public required Content Content { get; init; }

    /// <summary>Bytes whose arrival was acknowledged.</summary>
    public long Acknowledged { get; set; }

    /// <summary>Bytes that were sent, acknowledged or not.</summary>
    public long Sent { get; set; }

    /// <summary>Requests after which the file may be there; the log tells in the next life which one made it.</summary>
    public List<Operation> Completions { get; } = [];

    /// <summary>Whether its termination was asked for; the answer may be lost.</summary>
    public bool Ending { get; set; }
}
