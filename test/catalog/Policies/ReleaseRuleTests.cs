using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>The rule that lets a copy go, over generated scopes, attachments and copies.</summary>
public sealed class ReleaseRuleTests(ITestOutputHelper output)
{
    private static readonly ReleaseReason[] s_reasons = Enum.GetValues<ReleaseReason>();

    [Fact]
    [Trait("Behaviour", "D39")]
    [Trait("Behaviour", "G16")]
    public void A_copy_that_goes_is_missed_by_no_scope()
    {
        var random = Seeds.Create(output);
        var seen = new int[4];
        for (var i = 0; i < Seeds.Times(20_000, 500_000); i++)
        {
            var scopes = random.Next(1, 4);
            var claims = new List<ChunkClaim>();
            for (var scope = 1; scope <= scopes; scope++)
            {
                for (var store = 1; store <= 3; store++)
                {
                    if (random.Next(3) != 0)
                    {
                        var drain = random.Next(3) == 0;
                        claims.Add(new ChunkClaim(
                            new ScopeId(scope), new StoreId(store), Populate: !drain && random.Next(4) == 0, drain, WriteOnly: random.Next(4) == 0, Leaving: random.Next(6) == 0));
                    }
                }
            }

            var from = new StoreId(1);
            var stored = Enumerable.Range(2, 2).Where(_ => random.Next(2) == 0).Select(store => new StoreId(store)).Append(from).ToHashSet();
            var reason = s_reasons[random.Next(s_reasons.Length)];
            var own = reason is ReleaseReason.Drain or ReleaseReason.ShrinkScope ? new ScopeId(1) : (ScopeId?)null;
            var verdict = ReleaseRule.Decide(from, reason, own, claims, stored);
            seen[(int)verdict.Kind]++;
            Check(verdict, from, reason, own, claims, stored);
        }

        Assert.All(seen.Take(3), static times => Assert.True(times > 500));
    }

    private static void Check(ReleaseVerdict verdict, StoreId from, ReleaseReason reason, ScopeId? own, List<ChunkClaim> claims, HashSet<StoreId> stored)
    {
        var after = stored.Where(store => store != from).ToHashSet();
        if (verdict.Kind == ReleaseKind.Free)
        {
            Assert.NotEmpty(after);
            foreach (var claim in claims.Where(claim => claim.Store == from && !claim.WriteOnly))
            {
                Assert.True(Reads(claim.Scope, claims, after), "a scope lost its last copy");
            }

            Assert.DoesNotContain(claims, claim => claim.Store == from && claim.Scope != own && claim.Populate && reason != ReleaseReason.EmptyStore);
            if (own is not null)
            {
                Assert.DoesNotContain(claims, claim => claim.Store == from && claim.Scope != own && !claim.Drain);
            }
        }
        else if (verdict is { Kind: ReleaseKind.CopyFirst, Scope: { } scope })
        {
            Assert.False(Reads(scope, claims, after));
        }
        else if (verdict is { Kind: ReleaseKind.Kept, Scope: { } keeper })
        {
            Assert.NotEqual(own, keeper);
            Assert.Contains(claims, claim => claim.Scope == keeper && claim.Store == from);
        }

        // What nobody has a use for can always go, and a scope that can read elsewhere is never told to copy.
        if (reason == ReleaseReason.Leftover && !claims.Exists(claim => claim.Store == from) && after.Count > 0)
        {
            Assert.Equal(ReleaseKind.Free, verdict.Kind);
        }
    }

    private static bool Reads(ScopeId scope, List<ChunkClaim> claims, HashSet<StoreId> stored) =>
        claims.Exists(claim => claim.Scope == scope && !claim.WriteOnly && !claim.Leaving && stored.Contains(claim.Store));
}
