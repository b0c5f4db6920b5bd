using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Runtime {
    /// <summary>A reminder of a grain, as handed out by the registry.</summary>
    public interface IGrainReminder {
        string ReminderName { get; }
    }

    /// <summary>When a tick was due, all in UTC.</summary>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus {
        public TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
            => (FirstTickTime, Period, CurrentTickTime) = (firstTickTime, period, timeStamp);

        [Id(0)]
        public DateTime FirstTickTime { get; }
        [Id(1)]
        public TimeSpan Period { get; }
        [Id(2)]
        public DateTime CurrentTickTime { get; }
    }

    /// <summary>A reminder was changed by somebody else.</summary>
    [GenerateSerializer]
    public sealed class ReminderException : OrleansException {
        public ReminderException(string message) : base(message) { }
    }
}

namespace Orleans {
    /// <summary>Grains that have reminders.</summary>
    public interface IRemindable : IGrain {
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    /// <summary>Reminders: timers that survive the activation and the silo.</summary>
    public static class GrainReminderExtensions {
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period)
            => Service(grain, reminderName).RegisterAsync(grain.GetGrainId(), reminderName, dueTime, period);

        public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder)
            => Service(grain, reminder.ReminderName).UnregisterAsync((ReminderData)reminder);

        public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName)
            => Service(grain, reminderName).GetAsync(grain.GetGrainId(), reminderName);

        public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => Service(grain, "all").GetAllAsync(grain.GetGrainId());

        private static ReminderService Service(Grain grain, string name) {
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
            if (grain is not IRemindable)
                throw new InvalidOperationException($"Grain {grain.GetGrainId()} is not '{nameof(IRemindable)}'.");
            return grain.ServiceProvider.GetService<ReminderService>()
                ?? throw new OrleansConfigurationException("The reminder service has not been configured.");
        }
    }
}

namespace Orleans.Configuration {
    /// <summary>Settings of the ADO.NET reminder table.</summary>
    public class AdoNetReminderTableOptions {
        public string Invariant { get; set; } = null!;
        public string? ConnectionString { get; set; }
    }
}

namespace Orleans.Hosting {
    /// <summary>Settings of reminders.</summary>
    public sealed class ReminderOptions {
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);
        public TimeSpan RefreshReminderListPeriod { get; set; } = TimeSpan.FromMinutes(5);
    }

    /// <summary>Reminders in memory.</summary>
    public static class SiloBuilderReminderMemoryExtensions {
        public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder) => builder.ConfigureServices(services => {
            services.TryAddSingleton<MemoryReminderRows>();
            services.AddSingleton<IReminderTable, MemoryReminderTable>();
            services.AddReminderService();
        });

        internal static void AddReminderService(this IServiceCollection services) {
            services.TryAddSingleton<ReminderService>();
            services.AddSingleton<ISiloPart>(s => s.GetRequiredService<ReminderService>());
        }
    }

    /// <summary>Reminders in a database.</summary>
    public static class SiloBuilderReminderExtensions {
        public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions)
            => builder.ConfigureServices(services => {
                services.Configure(configureOptions);
                services.AddSingleton<IReminderTable, AdoNetReminderTable>();
                services.AddReminderService();
            });
    }
}
