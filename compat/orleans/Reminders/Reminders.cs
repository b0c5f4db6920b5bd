using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>A reminder of a grain, as handed out by the registry.</summary>
    public interface IGrainReminder
    {
        /// <summary>Its name, unique for the grain.</summary>
        string ReminderName { get; }
    }

    /// <summary>When a tick was due, all in UTC.</summary>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus
    {
        /// <summary>With its times.</summary>
        public TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
            => (FirstTickTime, Period, CurrentTickTime) = (firstTickTime, period, timeStamp);

        /// <summary>The first tick.</summary>
        [Id(0)]
        public DateTime FirstTickTime { get; }

        /// <summary>From tick to tick.</summary>
        [Id(1)]
        public TimeSpan Period { get; }

        /// <summary>This tick.</summary>
        [Id(2)]
        public DateTime CurrentTickTime { get; }
    }

    /// <summary>A reminder was changed by somebody else.</summary>
    [GenerateSerializer]
    public sealed class ReminderException : OrleansException
    {
        /// <summary>With words.</summary>
        public ReminderException(string message) : base(message) { }
    }
}

namespace Orleans
{
    /// <summary>Grains that have reminders.</summary>
    public interface IRemindable : IGrain
    {
        /// <summary>A reminder is due.</summary>
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    /// <summary>Reminders: timers that survive the activation and the silo.</summary>
    public static class GrainReminderExtensions
    {
        /// <summary>Sets a reminder.</summary>
        /// <exception cref="ArgumentException">The period is shorter than <see cref="ReminderOptions.MinimumReminderPeriod"/>.</exception>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period)
            => Service(grain, reminderName).RegisterAsync(grain.GetGrainId(), reminderName, dueTime, period);

        /// <summary>Removes a reminder.</summary>
        /// <exception cref="ReminderException">It was changed since it was looked up.</exception>
        public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder)
            => Service(grain, reminder.ReminderName).UnregisterAsync((ReminderData)reminder);

        /// <summary>Looks a reminder up.</summary>
        public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName)
            => Service(grain, reminderName).GetAsync(grain.GetGrainId(), reminderName);

        /// <summary>Looks all reminders of the grain up.</summary>
        public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => Service(grain, "all").GetAllAsync(grain.GetGrainId());

        private static ReminderService Service(Grain grain, string name)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
            if (grain is not IRemindable)
                throw new InvalidOperationException($"Grain {grain.GetGrainId()} is not '{nameof(IRemindable)}'.");
            return grain.ServiceProvider.GetService<ReminderService>()
                ?? throw new OrleansConfigurationException("The reminder service has not been configured.");
        }
    }
}

namespace Orleans.Configuration
{
    /// <summary>Settings of the ADO.NET reminder table.</summary>
    public class AdoNetReminderTableOptions
    {
        /// <summary>The provider's name.</summary>
        public string Invariant { get; set; } = null!;

        /// <summary>The database; may hold a password.</summary>
        public string? ConnectionString { get; set; }
    }
}

namespace Orleans.Hosting
{
    /// <summary>Settings of reminders.</summary>
    public sealed class ReminderOptions
    {
        /// <summary>Shorter periods are refused.</summary>
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

        /// <summary>How often the table is read again.</summary>
        public TimeSpan RefreshReminderListPeriod { get; set; } = TimeSpan.FromMinutes(5);
    }

    /// <summary>Reminders in memory.</summary>
    public static class SiloBuilderReminderMemoryExtensions
    {
        /// <summary>They die with the cluster.</summary>
        public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder) => builder.ConfigureServices(services =>
        {
            services.TryAddSingleton<MemoryReminderRows>();
            services.AddSingleton<IReminderTable, MemoryReminderTable>();
            services.AddReminderService();
        });

        internal static void AddReminderService(this IServiceCollection services)
        {
            services.TryAddSingleton<ReminderService>();
            services.AddSingleton<ISiloPart>(s => s.GetRequiredService<ReminderService>());
        }
    }

    /// <summary>Reminders in a database.</summary>
    public static class SiloBuilderReminderExtensions
    {
        /// <summary>They survive everything but the database.</summary>
        public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions)
            => builder.ConfigureServices(services =>
            {
                services.Configure(configureOptions);
                services.AddSingleton<IReminderTable, AdoNetReminderTable>();
                services.AddReminderService();
            });
    }
}
