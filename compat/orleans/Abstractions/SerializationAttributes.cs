namespace Orleans;

/// <summary>Which members of a type get ids without naming them.</summary>
public enum GenerateFieldIds {
    None, PublicProperties,
}

/// <summary>The type may travel in grain calls; a type without it is refused.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute {
    public bool IncludePrimaryConstructorParameters { get; init; }
    public GenerateFieldIds GenerateFieldIds { get; init; } = GenerateFieldIds.None;
}

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Class
    | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method)]
public sealed class IdAttribute(uint id) : Attribute {
    public uint Id { get; } = id;
}

/// <summary>A name for a type or method that stays when the code is renamed.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method, AllowMultiple = true)]
public sealed class AliasAttribute(string alias) : Attribute {
    public string Alias { get; } = alias;
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field | AttributeTargets.Property
    | AttributeTargets.Parameter | AttributeTargets.ReturnValue, Inherited = false)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>How long callers of a method wait for its answer, in place of the configured response timeout.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute(string timeout) : Attribute {
    public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout);
}
