using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Runtime {
    public interface IGrainReminder {
        string ReminderName { get; }
    }

    [GenerateSerializer, Immutable]
    public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp) {
        [Id(0)] public DateTime FirstTickTime { get; } = firstTickTime;
        [Id(1)] public TimeSpan Period { get; } = period;
        [Id(2)] public DateTime CurrentTickTime { get; } = timeStamp;
    }

    [GenerateSerializer]
    public sealed class ReminderException : OrleansException {
        public ReminderException(string message) : base(message) { }
    }
}

namespace Orleans {
    public interface IRemindable : IGrain {
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    public static class GrainReminderExtensions {
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period)
            => Service(grain, reminderName).RegisterAsync(grain.GetGrainId(), reminderName, dueTime, period);

        public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder)
            => Service(grain, reminder.ReminderName).UnregisterAsync((ReminderEntry)reminder);

        public static async Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName)
            => (await Service(grain, reminderName).GetAsync(grain.GetGrainId())).Find(r => r.ReminderName == reminderName);

        public static async Task<List<IGrainReminder>> GetReminders(this Grain grain) => [.. await Service(grain, "all").GetAsync(grain.GetGrainId())];

        private static ReminderService Service(Grain grain, string name) {
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
            if (grain is not IRemindable)
                throw new InvalidOperationException($"Grain {grain.GetGrainId()} is not '{nameof(IRemindable)}'.");
            return grain.ServiceProvider.GetService<ReminderService>()
                ?? throw new OrleansConfigurationException("The reminder service has not been configured.");
        }
    }
}

namespace Orleans.Hosting {
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

    public static class SiloBuilderReminderExtensions {
        public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions)
            => builder.ConfigureServices(services => {
                services.Configure(configureOptions);
                services.AddSingleton<IReminderTable, AdoNetReminderTable>();
                services.AddReminderService();
            });
    }
}
