using System.Diagnostics;

namespace Granary.TestSupport;

/// <summary>Waits for something that another thread brings about.</summary>
public static class Eventually
{
    /// <summary>Looks every few milliseconds; fails with a message that says what was waited for.</summary>
    public static async Task BecomesAsync(Func<bool> condition, string what, TimeSpan? within = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(20);
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
                throw new TimeoutException($"After {limit.TotalSeconds:0} s it was still not so that {what}.");
            await Task.Delay(5);
        }
    }

    /// <summary>Waits for a task; fails with a message that says what was waited for.</summary>
    public static async Task<T> WithinAsync<T>(this Task<T> task, string what, TimeSpan? within = null)
    {
        await ((Task)task).WithinAsync(what, within);
        return await task;
    }

    /// <summary>Waits for a task; fails with a message that says what was waited for.</summary>
    public static async Task WithinAsync(this Task task, string what, TimeSpan? within = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(20);
        try
        {
            await task.WaitAsync(limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{what}: not done after {limit.TotalSeconds:0} s.");
        }
    }
}
