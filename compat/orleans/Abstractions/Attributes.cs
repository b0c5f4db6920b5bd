using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans {
    public enum GenerateFieldIds { None, PublicProperties }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
    public sealed class GenerateSerializerAttribute : Attribute {
        public bool IncludePrimaryConstructorParameters { get; init; }
        public GenerateFieldIds GenerateFieldIds { get; init; }
    }

    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Class
        | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method)]
    public sealed class IdAttribute(uint id) : Attribute {
        public uint Id { get; } = id;
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method, AllowMultiple = true)]
    public sealed class AliasAttribute(string alias) : Attribute {
        public string Alias { get; } = alias;
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field | AttributeTargets.Property
        | AttributeTargets.Parameter | AttributeTargets.ReturnValue, Inherited = false)]
    public sealed class ImmutableAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ResponseTimeoutAttribute(string timeout) : Attribute {
        public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout);
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class CollectionAgeLimitAttribute : Attribute {
        public static readonly TimeSpan MinAgeLimit = TimeSpan.FromMinutes(1);
        public double Days { get; set; }
        public double Hours { get; set; }
        public double Minutes { get; set; }
        public bool AlwaysActive { get; set; }
        public TimeSpan AgeLimit => AlwaysActive ? TimeSpan.FromDays(short.MaxValue)
            : TimeSpan.FromMinutes(Math.Max(MinAgeLimit.TotalMinutes, (((Days * 24) + Hours) * 60) + Minutes));
    }
}

namespace Orleans.Concurrency {
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ReadOnlyAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class AlwaysInterleaveAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class OneWayAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ReentrantAttribute : Attribute;
}

namespace Orleans.Runtime {
    public abstract class PlacementStrategy;
    public sealed class RandomPlacement : PlacementStrategy;
    public sealed class HashBasedPlacement : PlacementStrategy;
    public sealed class PreferLocalPlacement : PlacementStrategy;
}

namespace Orleans.Placement {
    [AttributeUsage(AttributeTargets.Class)]
    public abstract class PlacementAttribute : Attribute {
        protected PlacementAttribute(PlacementStrategy placement) => PlacementStrategy = placement;
        public PlacementStrategy PlacementStrategy { get; private set; }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(new RandomPlacement());

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class HashBasedPlacementAttribute() : PlacementAttribute(new HashBasedPlacement());

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(new PreferLocalPlacement());
}
