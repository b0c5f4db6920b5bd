using System.Collections.Concurrent;

namespace Granary.Catalog.Tests.Execution;

public sealed class GatheredWorkTests
{
    [Fact]
    public async Task What_waits_while_a_group_is_under_way_is_the_next_group()
    {
        var groups = new ConcurrentQueue<int[]>();
        var first = new TaskCompletionSource();
        var work = new GatheredWork<int, int>(
            async asks =>
            {
                groups.Enqueue([.. asks]);
                await (groups.Count == 1 ? first.Task : Task.CompletedTask);
                return [.. asks.Select(static ask => ask * 2)];
            },
            static _ => null);
        var one = work.RunAsync(1, default);
        while (groups.IsEmpty)
        {
            await Task.Yield();
        }

        var others = Enumerable.Range(2, 5).Select(i => work.RunAsync(i, default)).ToArray();
        first.SetResult();
        Assert.Equal(2, await one);
        var doubled = await Task.WhenAll(others);
        Assert.Equal([4, 6, 8, 10, 12], doubled);
        Assert.Equal([[1], [2, 3, 4, 5, 6]], groups);
    }

    [Fact]
    public async Task Asks_that_must_stay_apart_go_into_different_groups_in_their_order()
    {
        var groups = new ConcurrentQueue<string[]>();
        var first = new TaskCompletionSource();
        var work = new GatheredWork<string, int>(
            async asks =>
            {
                groups.Enqueue([.. asks]);
                await (groups.Count == 1 ? first.Task : Task.CompletedTask);
                return [.. asks.Select(static ask => ask.Length)];
            },
            static ask => ask[0]);
        var all = new List<Task<int>> { work.RunAsync("x", default) };
        while (groups.IsEmpty)
        {
            await Task.Yield();
        }

        all.AddRange(new[] { "a1", "a2", "b1", "a3" }.Select(ask => work.RunAsync(ask, default)));
        first.SetResult();
        await Task.WhenAll(all);
        Assert.Equal([["x"], ["a1", "b1"], ["a2"], ["a3"]], groups);
    }

    [Fact]
    public async Task One_that_cannot_be_done_fails_alone()
    {
        var begun = new TaskCompletionSource();
        var hold = new TaskCompletionSource();
        var work = new GatheredWork<int, int>(
            async asks =>
            {
                begun.TrySetResult();
                await hold.Task;
                return asks.Contains(3) ? throw new InvalidOperationException("three") : [.. asks];
            },
            static _ => null);
        var first = work.RunAsync(0, default);
        await begun.Task;
        var tasks = Enumerable.Range(1, 5).Select(i => work.RunAsync(i, default)).ToArray();
        hold.SetResult();
        Assert.Equal(0, await first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => tasks[2]);
        var done = await Task.WhenAll(tasks.Where((_, i) => i != 2));
        Assert.Equal([1, 2, 4, 5], done);
    }

    [Fact]
    public async Task Who_has_gone_before_the_group_began_is_left_out()
    {
        var seen = new ConcurrentQueue<int>();
        var begun = new TaskCompletionSource();
        var hold = new TaskCompletionSource();
        var work = new GatheredWork<int, int>(
            async asks =>
            {
                asks.ToList().ForEach(seen.Enqueue);
                begun.TrySetResult();
                await hold.Task;
                return [.. asks];
            },
            static _ => null);
        var first = work.RunAsync(0, default);
        await begun.Task;
        using var gone = new CancellationTokenSource();
        var second = work.RunAsync(1, gone.Token);
        var third = work.RunAsync(2, default);
        await gone.CancelAsync();
        hold.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal((0, 2), (await first, await third));
        Assert.Equal([0, 2], seen);
    }
}
