using Granary.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Granary.Silo.Hosting;

/// <summary>The streams that announce changes. Who listens is kept in the grain storage <see cref="Subscriptions"/>, which the caller adds.</summary>
internal static class ChangeStreamSetup
{
    /// <summary>Name under which Orleans looks for the storage of stream subscriptions.</summary>
    public const string Subscriptions = "PubSubStore";

    /// <summary>
    /// Time between two looks into the streams' queues: half of it is what an announcement waits on average, and the default
    /// of 100 ms alone would be more than a frame may take.
    /// </summary>
    public static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Adds them.</summary>
    public static ISiloBuilder AddChangeStreams(this ISiloBuilder silo)
    {
        silo.AddMemoryStreams(ChangeStreams.Provider);
        silo.Services.Configure<StreamPullingAgentOptions>(ChangeStreams.Provider, options => options.GetQueueMsgsTimerPeriod = Poll);
        return silo;
    }
}
