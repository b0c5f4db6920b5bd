using Granary.Admin.Api;

namespace Granary.Command.Tests.Pure;

public class RetryPolicyTests
{
    private static readonly RetryPolicy Policy = RetryPolicy.Standard;

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public void Answers_that_pass_are_waited_for(int status) =>
        Assert.NotNull(Policy.NextDelay(1, TimeSpan.Zero, status, null, true, 0.5));

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(412)]
    [InlineData(422)]
    [InlineData(500)]
    [InlineData(507)]
    public void Refusals_are_final(int status) => Assert.Null(Policy.NextDelay(1, TimeSpan.Zero, status, null, true, 0.5));

    [Fact]
    public void A_server_that_never_answered_is_not_waited_for()
    {
        Assert.Null(Policy.NextDelay(1, TimeSpan.Zero, null, null, reachedBefore: false, 0.5));
        Assert.NotNull(Policy.NextDelay(1, TimeSpan.Zero, null, null, reachedBefore: true, 0.5));
    }

    [Fact]
    public void The_server_may_ask_for_more_time_within_our_patience()
    {
        Assert.Equal(TimeSpan.FromSeconds(20), Policy.NextDelay(1, TimeSpan.Zero, 429, TimeSpan.FromSeconds(20), true, 0.5));
        Assert.Null(Policy.NextDelay(1, TimeSpan.FromSeconds(15), 429, TimeSpan.FromSeconds(20), true, 0.5));
    }

    [Fact]
    public void Delays_grow_and_end_within_our_patience()
    {
        var (elapsed, attempts) = (TimeSpan.Zero, 1);
        while (Policy.NextDelay(attempts, elapsed, 503, null, true, 0.5) is { } delay)
        {
            Assert.InRange(delay.TotalSeconds, 0.1, 10);
            elapsed += delay;
            attempts++;
        }

        Assert.InRange(attempts, 5, 12);
        Assert.True(elapsed <= Policy.Patience);
    }

    [Fact]
    public void Workers_are_spread() =>
        Assert.NotEqual(Policy.NextDelay(3, TimeSpan.Zero, 503, null, true, 0), Policy.NextDelay(3, TimeSpan.Zero, 503, null, true, 1));
}
