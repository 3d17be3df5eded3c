using NearCache.Configuration;

namespace NearCache.Tests.Configuration;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("MaxStaleness", "maxstaleness", 0)]
    [InlineData("MaxStalenes", "MaxStaleness", 1)]
    public void Edits_counts_letters_added_removed_and_replaced(string from, string to, int edits)
    {
        Assert.Equal(edits, NearestName.Edits(from, to));
        Assert.Equal(edits, NearestName.Edits(to, from));
    }

    [Theory]
    [InlineData("Memcache", "Memcached")]
    [InlineData("zookeper", "ZooKeeper")]
    [InlineData("MaxStale", "MaxStaleness")]
    public void A_name_written_wrong_finds_the_one_that_was_meant(string written, string meant) =>
        Assert.Equal(meant, NearestName.Find(written, ["MaxStaleness", "Memcached", "ZooKeeper", "Rules"]));

    [Fact]
    public void A_name_that_is_like_none_finds_none() => Assert.Null(NearestName.Find("Xyz", ["MaxStaleness", "Rules"]));
}
