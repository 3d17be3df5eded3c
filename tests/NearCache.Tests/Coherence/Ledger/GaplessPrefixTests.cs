using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Ledger;

public sealed class GaplessPrefixTests
{
    private readonly GaplessPrefix _prefix = new();

    public GaplessPrefixTests() => _prefix.Restart(100);

    [Fact]
    public void What_is_explained_beyond_a_gap_counts_when_the_gap_closes()
    {
        Assert.True(_prefix.Explain(102));
        Assert.True(_prefix.Explain(103));
        Assert.Equal((100, 103, 2), (_prefix.Known, _prefix.Highest, _prefix.Beyond));

        Assert.True(_prefix.Explain(101));
        Assert.Equal((103, 103, 0), (_prefix.Known, _prefix.Highest, _prefix.Beyond));
    }

    [Fact]
    public void The_same_version_is_explained_once()
    {
        Assert.True(_prefix.Explain(102));
        Assert.False(_prefix.Explain(102));
        Assert.False(_prefix.Explain(100));
    }

    [Fact]
    public void A_version_of_another_life_of_the_counter_is_not_taken()
    {
        Assert.False(_prefix.Explain(101 + GaplessPrefix.MaxDistance));
        Assert.True(_prefix.Explain(100 + GaplessPrefix.MaxDistance));
    }

    [Fact]
    public void Beyond_a_gap_no_more_is_remembered_than_fits()
    {
        for (var version = 0; version < GaplessPrefix.MaxBeyond; version++)
        {
            Assert.True(_prefix.Explain(200 + version));
        }

        Assert.False(_prefix.Explain(200 + GaplessPrefix.MaxBeyond));
        Assert.True(_prefix.Explain(101));
    }

    [Fact]
    public void Missing_versions_are_listed_up_to_a_limit()
    {
        _prefix.Explain(102);
        List<long> missing = [];
        Assert.True(_prefix.Missing(104, 3, missing));
        Assert.Equal([101, 103, 104], missing);

        Assert.False(_prefix.Missing(104, 2, []));
    }

    [Fact]
    public void What_the_server_showed_is_known_and_joins_what_was_beyond()
    {
        _prefix.Explain(102);
        _prefix.Explain(104);
        _prefix.Explain(106);
        _prefix.AdvanceTo(103);
        Assert.Equal((104, 1), (_prefix.Known, _prefix.Beyond));
        _prefix.AdvanceTo(50);
        Assert.Equal(104, _prefix.Known);
    }
}
