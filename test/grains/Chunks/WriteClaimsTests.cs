using Granary.GrainInterfaces;
using Granary.Grains.Chunks;

namespace Granary.Grains.Tests.Chunks;

public sealed class WriteClaimsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly UploadId First = new(Guid.Parse("00000000-0000-0000-0000-000000000001"));
    private static readonly UploadId Second = new(Guid.Parse("00000000-0000-0000-0000-000000000002"));
    private readonly WriteClaims _claims = new(TimeSpan.FromSeconds(5));

    [Fact]
    public void The_first_claimant_is_the_writer_and_stays_it_when_it_asks_again()
    {
        Assert.True(_claims.TryClaim(First, Start));
        Assert.True(_claims.TryClaim(First, Start));
        Assert.False(_claims.TryClaim(Second, Start));
    }

    [Fact]
    public void A_released_claim_is_free()
    {
        _claims.TryClaim(First, Start);
        Assert.True(_claims.Release(First));
        Assert.True(_claims.TryClaim(Second, Start));
    }

    [Fact]
    public void A_claim_runs_out_exactly_at_its_lifetime()
    {
        _claims.TryClaim(First, Start);
        Assert.False(_claims.TryClaim(Second, Start + TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1)));
        Assert.True(_claims.TryClaim(Second, Start + TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_late_release_frees_nobody_elses_claim()
    {
        _claims.TryClaim(First, Start);
        _claims.TryClaim(Second, Start + TimeSpan.FromSeconds(6));
        Assert.False(_claims.Release(First));
        Assert.True(_claims.IsHeld(Start + TimeSpan.FromSeconds(6)));
    }
}
