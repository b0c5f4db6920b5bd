using Orleans.Runtime;

namespace Orleans;

/// <summary>Gives references to grains; asking creates nothing.</summary>
public interface IGrainFactory {
    TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey;
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey;
    TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable;
}

/// <summary>Access to a cluster, from inside a silo or from a client.</summary>
public interface IClusterClient : IGrainFactory {
    IServiceProvider ServiceProvider { get; }
}
