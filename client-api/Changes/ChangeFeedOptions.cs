namespace Granary.ClientApi.Changes;

/// <summary>Settings of the sockets that follow changes.</summary>
public sealed class ChangeFeedOptions
{
    /// <summary>Time between two pings of a socket. Default 30 s: below the idle limits of common proxies.</summary>
    public TimeSpan Ping { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two looks at the heads of followed logs. Default 2 s (design, Changes).</summary>
    public TimeSpan HeadLook { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a socket may take for one write, or stay behind what was there that long ago, before it is closed as too
    /// slow. Default 30 s.
    /// </summary>
    public TimeSpan SlowReader { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a closing socket waits for the other side. Default 5 s.</summary>
    public TimeSpan CloseGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Changes of one scope that are kept in memory for those who follow it live. Default 1,024.</summary>
    public int RecentChanges { get; set; } = 1024;

    /// <summary>How long they are kept. Default 10 s: a scope at rest keeps nothing.</summary>
    public TimeSpan RecentAge { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Sockets of this silo. Default 20,000; one tenant may have half of them.</summary>
    public int MaxSockets { get; set; } = 20_000;

    /// <summary>Scopes that one socket may follow. Default 100.</summary>
    public int MaxSubscriptions { get; set; } = 100;
}
