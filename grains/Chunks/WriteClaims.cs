using Granary.GrainInterfaces;

namespace Granary.Grains.Chunks;

/// <summary>Who writes a chunk now. Pure state of <see cref="ChunkGrain"/>; time is given by the caller.</summary>
/// <param name="lifetime">How long a claim holds; then the next one who asks takes it over.</param>
internal sealed class WriteClaims(TimeSpan lifetime)
{
    private UploadId? _writer;
    private DateTimeOffset _since;

    /// <summary>True while somebody holds a claim that has not run out.</summary>
    public bool IsHeld(DateTimeOffset now) => _writer is not null && now - _since < lifetime;

    /// <summary>Makes the claimant the writer, unless another one is; asking again renews nothing and still succeeds.</summary>
    public bool TryClaim(UploadId claimant, DateTimeOffset now)
    {
        if (IsHeld(now))
        {
            return _writer == claimant;
        }

        _writer = claimant;
        _since = now;
        return true;
    }

    /// <summary>Ends the claimant's claim. False when it held none, so that a late release frees nobody else's.</summary>
    public bool Release(UploadId claimant)
    {
        if (_writer != claimant)
        {
            return false;
        }

        _writer = null;
        return true;
    }
}
