namespace Granary.GrainInterfaces;

/// <summary>Internal id of a tenant. A name maps to an id that is never reused (design, section 1).</summary>
[GenerateSerializer, Immutable, Alias("granary.TenantId")]
public readonly record struct TenantId([property: Id(0)] long Value)
{
    /// <summary>The form used in grain keys and chunk keys: decimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>Internal id of a scope, unique in the installation and never reused.</summary>
[GenerateSerializer, Immutable, Alias("granary.ScopeId")]
public readonly record struct ScopeId([property: Id(0)] long Value)
{
    /// <summary>Decimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>Internal id of a file store, never reused.</summary>
[GenerateSerializer, Immutable, Alias("granary.StoreId")]
public readonly record struct StoreId([property: Id(0)] long Value)
{
    /// <summary>Decimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>
/// Id of an upload, and of the manifest it leaves behind when it becomes a version. 16 random bytes with a time prefix
/// (UUID version 7), so that rows of one time lie together.
/// </summary>
[GenerateSerializer, Immutable, Alias("granary.UploadId")]
public readonly record struct UploadId([property: Id(0)] Guid Value)
{
    /// <summary>32 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString("n");
}

/// <summary>Id of one copy of a chunk in one store; part of its key and never used twice.</summary>
[GenerateSerializer, Immutable, Alias("granary.LocationId")]
public readonly record struct LocationId([property: Id(0)] long Value)
{
    /// <summary>Lower-case hex digits without leading zeros, as in the chunk's key.</summary>
    public override string ToString() => Value.ToString("x");
}

/// <summary>One life of one silo process. Blocks of space and open direct uploads belong to an epoch and die with it.</summary>
[GenerateSerializer, Immutable, Alias("granary.SiloEpoch")]
public readonly record struct SiloEpoch([property: Id(0)] long Value)
{
    /// <summary>Decimal digits.</summary>
    public override string ToString() => Value.ToString();
}
