using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Granary.Grains.Webhooks;

/// <summary>
/// Sends to one webhook, key <c>{tenant}/{scope}/{webhook}</c>. Invariant: the rows decide what is sent and when; an attempt
/// whose record is lost in a crash is made again under the same delivery id.
/// </summary>
/// <remarks><see cref="WakeAsync"/> interleaves: it only sets <see cref="_woken"/> and the timer. Attempts never overlap.</remarks>
[HashBasedPlacement] // spreads the sending over the silos
internal sealed partial class WebhookGrain(
    WebhookCatalog webhooks, WebhookSender sender, TopologyCache topology, TimeProvider time, ILogger<WebhookGrain> logger) : Grain, IWebhookGrain, IRemindable
{
    private const string ReminderName = "send";

    /// <summary>Deliveries in one turn: then others get theirs.</summary>
    private const int StepsPerTurn = 20;

    /// <summary>Wakes after a crash; what is due sooner, the silos look for when they start and every minute.</summary>
    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = logger;
    private IGrainTimer? _timer;
    private long _id;
    private bool _woken;
    private bool _working;
    private bool _reminded;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _id = WebhookKeys.Parse(this.GetPrimaryKeyString());
        _timer = this.RegisterGrainTimer(
            TickAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WakeAsync(CancellationToken cancellationToken)
    {
        if (!_woken && !_working)
        {
            _timer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        _woken = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) => WakeAsync(CancellationToken.None);

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        (_working, _woken) = (true, false);
        TimeSpan? next;
        try
        {
            next = await WorkAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            LogFailed(failure, _id);
            next = AfterError;
        }
        finally
        {
            _working = false;
        }

        if (_woken)
        {
            next = TimeSpan.Zero;
        }

        if (next is { } wait)
        {
            _timer?.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    // When to work again; null when only a wake brings something.
    private async Task<TimeSpan?> WorkAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < StepsPerTurn; i++)
        {
            var step = await webhooks.NextAsync(_id, cancellationToken);
            switch (step.Kind)
            {
                case WebhookStepKind.Gone:
                    await EndAsync();
                    return null;
                case WebhookStepKind.Idle:
                    return null;
                case WebhookStepKind.Wait:
                    var wait = step.Due!.Value - time.GetUtcNow();
                    return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
                case WebhookStepKind.Send:
                    await RemindAsync();
                    await SendAsync(step, cancellationToken);
                    break;
            }
        }

        return TimeSpan.Zero;
    }

    private async Task SendAsync(WebhookStep step, CancellationToken cancellationToken)
    {
        var scope = (await topology.GetAsync(cancellationToken)).Scope(step.Webhook!.Scope);
        var result = await sender.SendAsync(step, scope?.Name ?? step.Webhook.Scope.ToString(), cancellationToken);
        if (result.Error is not null)
        {
            LogNotAccepted(_id, step.Delivery!.Id, result.Error);
        }

        await webhooks.AttemptedAsync(_id, step.Delivery!.Id, result.Status, result.Error, CancellationToken.None);
    }

    private async Task RemindAsync()
    {
        if (!_reminded)
        {
            await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);
            _reminded = true;
        }
    }

    private async Task EndAsync()
    {
        if (await this.GetReminder(ReminderName) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }

        DeactivateOnIdle();
    }
}
