using Orleans.Runtime;

namespace Orleans.Concurrency {
    /// <summary>Calls of this method run beside each other, though not beside others.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ReadOnlyAttribute : Attribute;

    /// <summary>Calls of this method run beside whatever else the activation is doing.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class AlwaysInterleaveAttribute : Attribute;

    /// <summary>The caller does not wait: it learns neither of completion nor of failure.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class OneWayAttribute : Attribute;

    /// <summary>All calls of this grain class may interleave at their awaits.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ReentrantAttribute : Attribute;
}

namespace Orleans {
    /// <summary>How long an activation of this class may stay idle before it is collected.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public class CollectionAgeLimitAttribute : Attribute {
        private TimeSpan? _value;
        public CollectionAgeLimitAttribute() { }
        public CollectionAgeLimitAttribute(string inactivityPeriod) => _value = TimeSpan.Parse(inactivityPeriod);
        public static readonly TimeSpan MinAgeLimit = TimeSpan.FromMinutes(1);
        public double Days { get; set; }
        public double Hours { get; set; }
        public double Minutes { get; set; }
        public bool AlwaysActive { get; set; }
        public TimeSpan AgeLimit => _value ??= Calculate();

        private TimeSpan Calculate() {
            var span = AlwaysActive
                ? TimeSpan.FromDays(short.MaxValue)
                : TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
            return span < MinAgeLimit ? MinAgeLimit : span;
        }
    }
}

namespace Orleans.Runtime {
    /// <summary>How the silo of a fresh activation is chosen.</summary>
    public abstract class PlacementStrategy;

    /// <summary>Any silo.</summary>
    public sealed class RandomPlacement : PlacementStrategy {
        internal static RandomPlacement Singleton { get; } = new();
    }

    /// <summary>A silo that follows from the grain's id.</summary>
    public sealed class HashBasedPlacement : PlacementStrategy {
        internal static HashBasedPlacement Singleton { get; } = new();
    }

    /// <summary>The silo of the first caller.</summary>
    public sealed class PreferLocalPlacement : PlacementStrategy {
        internal static PreferLocalPlacement Singleton { get; } = new();
    }
}

namespace Orleans.Placement {
    /// <summary>States the placement of a grain class.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public abstract class PlacementAttribute : Attribute {
        public PlacementStrategy PlacementStrategy { get; private set; }

        protected PlacementAttribute(PlacementStrategy placement) {
            ArgumentNullException.ThrowIfNull(placement);
            PlacementStrategy = placement;
        }
    }

    /// <summary>Fresh activations go to any silo.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(RandomPlacement.Singleton);

    /// <summary>Fresh activations go to a silo that follows from the grain's id.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class HashBasedPlacementAttribute() : PlacementAttribute(HashBasedPlacement.Singleton);

    /// <summary>Fresh activations go to the silo of the caller.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(PreferLocalPlacement.Singleton);
}
