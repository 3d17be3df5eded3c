using Microsoft.Extensions.Logging;
using NearCache.Rules;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Rules;

public sealed class PatternAdviceTests
{
    [Theory]
    [InlineData("product:", "`product:*`")]
    [InlineData("shop/menu/", "`shop/menu/*`")]
    [InlineData("price.", "`price.*`")]
    [InlineData("product:[0-9]+", "`product:*`")]
    [InlineData("^product:[0-9]+$", "`product:*`")]
    [InlineData("product:\\d+", "`product:*`")]
    [InlineData("product:.*", "`product:*`")]
    [InlineData("product:.+:price", "`product:*:price`")]
    [InlineData("product:(a|b)", "`product:*`")]
    [InlineData("product:{id}", "`product:*`")]
    [InlineData("product:<id>:price", "`product:*:price`")]
    [InlineData("product:%", "`product:*`")]
    [InlineData("product:[0-9]{4}", "`product:*`")]
    [InlineData("^product", "`product`")]
    [InlineData("product 1", "no key holds a space")]
    [InlineData("shop:product:*", "`product:*`")]
    public void A_pattern_that_looks_like_something_else_is_told_what_to_write(string match, string advice) =>
        Assert.Contains(advice, PatternAdvice.Of(Rule(match), "shop:"), StringComparison.Ordinal);

    [Theory]
    [InlineData("product:*")]
    [InlineData("product:*:price")]
    [InlineData("shop-??:menu")]
    [InlineData("site")]
    [InlineData("site:parameters")]
    [InlineData("a+b=c")]
    [InlineData("größe:*")]
    [InlineData("config.json")]
    [InlineData("h:*")]
    [InlineData("user.*")]
    [InlineData("user.*.name")]
    public void One_that_does_not_is_left_alone(string match) => Assert.Null(PatternAdvice.Of(Rule(match), "shop:"));

    [Fact]
    public void A_key_that_is_preloaded_is_meant_as_it_is_written() =>
        Assert.Null(PatternAdvice.Of(Rule("product:") with { Preload = ["product:"] }, ""));

    [Fact]
    public async Task A_cache_that_starts_says_how_it_understands_each_rule_and_warns_of_those_that_look_wrong()
    {
        using var log = new LogRecorder(LogLevel.Information);
        await using var cache = new NearCacheClient(
            new NearCacheOptions
            {
                Rules =
                {
                    new RuleOptions { Name = "products", Match = "product:" },
                    new RuleOptions { Name = "prices", Match = "price:[0-9]+" },
                    new RuleOptions { Name = "menus", Match = "menu:*", DryRun = true },
                    new RuleOptions { Name = "forms", Match = "form:*:html", Enabled = false },
                },
            },
            log);

        Assert.Equal(
            [
                "Rule products: exact key `product:`.",
                "Rule prices: exact key `price:[0-9]+`.",
                "Rule menus: keys that begin with `menu:`, only tried.",
                "Rule forms: keys of the form `form:*:html` (* is any characters or none, ? is one), not enabled.",
            ],
            log.Of(1330));
        Assert.Equal(
            [
                "Rule products covers exact key `product:`, which is probably not what is meant: for all keys that begin so write "
                    + "`product:*`; where the key itself is meant, name it in Preload.",
                "Rule prices covers exact key `price:[0-9]+`, which is probably not what is meant: a rule is no regular expression; "
                    + "write `price:*`.",
            ],
            log.Of(1331));
    }

    private static Rule Rule(string match) => new("rule", new KeyPattern(match));
}
