using System.Collections.Concurrent;

namespace Granary.ClientApi.Content;

/// <summary>
/// Ends uploads whose sender stands still, so that a peer that vanished without a word does not keep its upload, its quota
/// and its connection for ever. One timer looks at all of them.
/// </summary>
internal sealed class IdleWatch : IDisposable
{
    /// <summary>How long a sender may stand still: longer than any pause of a live link, shorter than an operator's patience.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<BodyReceiver, bool> _receivers = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public IdleWatch(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Look(), null, s_look, s_look);
    }

    /// <summary>Now, as a timestamp.</summary>
    public long Now => _time.GetTimestamp();

    public void Add(BodyReceiver receiver) => _receivers.TryAdd(receiver, true);

    public void Remove(BodyReceiver receiver) => _receivers.TryRemove(receiver, out _);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        foreach (var (receiver, _) in _receivers)
        {
            if (receiver.WaitingSince is var since and not 0 && _time.GetElapsedTime(since) > Limit)
                receiver.GiveUpAsIdle();
        }
    }
}
