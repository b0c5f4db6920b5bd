using Granary.Grains.Batching;

namespace Granary.Grains.Tests.Batching;

/// <summary>The queue's facts, driven by hand: a gate stands for the transaction in flight.</summary>
public sealed class GroupQueueTests
{
    private readonly List<int[]> _groups = [];
    private readonly Queue<TaskCompletionSource> _gates = new();

    [Fact]
    public async Task A_lone_request_is_answered_at_once()
    {
        var queue = Queue(limit: 8, maxGroup: 4);
        Assert.Equal(2, await Add(queue, 1));
        Assert.Equal([[1]], _groups);
    }

    [Fact]
    public async Task What_arrives_while_a_group_is_in_flight_makes_up_the_next_one()
    {
        var gate = Gate();
        var queue = Queue(limit: 8, maxGroup: 4);
        var answers = new[] { 1, 2, 3, 4, 5, 6 }.Select(i => Add(queue, i)).ToArray();
        Assert.Equal(5, queue.Count);
        gate.SetResult();
        var results = await Task.WhenAll(answers);
        Assert.Equal([2, 4, 6, 8, 10, 12], results);
        Assert.Equal([[1], [2, 3, 4, 5], [6]], _groups);
    }

    [Fact]
    public async Task Beyond_the_limit_nothing_is_added()
    {
        var gate = Gate();
        var queue = Queue(limit: 2, maxGroup: 4);
        var answers = new[] { 1, 2, 3 }.Select(i => Add(queue, i)).ToArray();
        Assert.False(queue.TryAdd(4, default, out _));
        gate.SetResult();
        await Task.WhenAll(answers);
        Assert.DoesNotContain(4, _groups.SelectMany(group => group));
        Assert.True(queue.TryAdd(5, default, out _));
    }

    [Fact]
    public async Task A_failing_group_fails_its_own_requests_only()
    {
        var gate = Gate();
        var queue = Queue(limit: 8, maxGroup: 4);
        var first = Add(queue, 1);
        var bad = Add(queue, -1);
        var withBad = Add(queue, 2);
        gate.SetResult();
        Assert.Equal(2, await first);
        await Assert.ThrowsAsync<InvalidDataException>(() => bad);
        await Assert.ThrowsAsync<InvalidDataException>(() => withBad);
        Assert.Equal(6, await Add(queue, 3));
    }

    [Fact]
    public async Task A_cancelled_request_that_waits_is_never_answered_by_a_group()
    {
        var gate = Gate();
        var queue = Queue(limit: 8, maxGroup: 4);
        var first = Add(queue, 1);
        using var cancellation = new CancellationTokenSource();
        Assert.True(queue.TryAdd(2, cancellation.Token, out var second));
        await cancellation.CancelAsync();
        gate.SetResult();
        await Assert.ThrowsAsync<TaskCanceledException>(() => second);
        Assert.Equal(2, await first);
        Assert.DoesNotContain(2, _groups.SelectMany(group => group));
    }

    [Fact]
    public async Task Idle_completes_when_everything_is_answered()
    {
        var gate = Gate();
        var queue = Queue(limit: 8, maxGroup: 1);
        var answers = new[] { Add(queue, 1), Add(queue, 2) };
        Assert.False(queue.Idle.IsCompleted);
        gate.SetResult();
        await queue.Idle;
        Assert.All(answers, answer => Assert.True(answer.IsCompletedSuccessfully));
    }

    private static Task<int> Add(GroupQueue<int, int> queue, int request)
    {
        Assert.True(queue.TryAdd(request, default, out var answer));
        return answer;
    }

    private GroupQueue<int, int> Queue(int limit, int maxGroup) => new(limit, maxGroup, async group =>
    {
        if (_gates.TryDequeue(out var gate))
        {
            await gate.Task;
        }

        _groups.Add([.. group]);
        return group.Contains(-1) ? throw new InvalidDataException("bad") : [.. group.Select(request => request * 2)];
    });

    private TaskCompletionSource Gate()
    {
        var gate = new TaskCompletionSource();
        _gates.Enqueue(gate);
        return gate;
    }
}
