using Granary.ClientApi.RateLimits;

namespace Granary.Http.Tests.RateLimits;

public sealed class RequestWindowTests
{
    [Fact]
    [Trait("Behaviour", "A4")]
    [Trait("Behaviour", "S18")]
    public void No_sixty_seconds_ever_hold_more_requests_than_the_limit()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var window = new RequestWindow();
        var granted = new List<long>();
        long second = 1_000_000;
        for (var i = 0; i < 20_000; i++)
        {
            second += random.Next(10) == 0 ? random.Next(100) : random.Next(2);
            var inWindow = granted.Count(s => s >= second - 60);
            var turn = window.Take(25, second);
            Assert.True(turn.Granted == inWindow < 25, $"seed {seed}, second {second}");
            if (!turn.Granted)
                continue;
            Assert.Equal(25 - inWindow - 1, turn.Remaining);
            granted.Add(second);
            granted.RemoveAll(s => s < second - 60);
        }
    }

    [Fact]
    [Trait("Behaviour", "A4")]
    [Trait("Behaviour", "S18")]
    public void A_refused_request_does_not_count_and_is_told_exactly_when_to_come_again()
    {
        var window = new RequestWindow();
        Assert.True(window.Take(2, 100).Granted);
        Assert.True(window.Take(2, 110).Granted);
        for (long second = 110; second < 161; second++)
            Assert.Equal(new RequestTurn(false, 0, (int)(161 - second)), window.Take(2, second));
        Assert.Equal(new RequestTurn(true, 0, 0), window.Take(2, 161));
        Assert.Equal(10, window.Take(2, 161).RetryAfter);
    }

    [Fact]
    public void Another_limit_applies_at_once()
    {
        var window = new RequestWindow();
        Assert.True(window.Take(1, 5).Granted);
        Assert.False(window.Take(1, 5).Granted);
        Assert.Equal(new RequestTurn(true, 1, 0), window.Take(3, 5));
        Assert.Equal(61, window.Take(1, 5).RetryAfter);
    }
}
