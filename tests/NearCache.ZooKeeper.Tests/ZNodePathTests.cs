namespace NearCache.ZooKeeper.Tests;

public sealed class ZNodePathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("/a/b c/ü/...")]
    [InlineData("/a/.b/b.")]
    public void A_valid_path_is_accepted(string path) => Assert.Null(ZNodePath.FindProblem(path));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a/")]
    [InlineData("//")]
    [InlineData("/a//b")]
    [InlineData("/.")]
    [InlineData("/a/..")]
    [InlineData("/a/./b")]
    [InlineData("/a\u0001")]
    [InlineData("/a\u0085")]
    [InlineData("/😀")]
    [InlineData("/\ue000")]
    [InlineData("/\ufffe")]
    public async Task An_invalid_path_is_rejected_before_anything_is_sent(string path)
    {
        await using var client = new ZooKeeperClient("localhost:1");

        await Assert.ThrowsAsync<ArgumentException>(() => client.GetDataAsync(path).AsTask());
    }

    [Fact]
    public void Only_a_sequential_name_may_be_empty()
    {
        Assert.Null(ZNodePath.FindProblem("/a/", isSequential: true));
        Assert.NotNull(ZNodePath.FindProblem("/a//", isSequential: true));
    }
}
