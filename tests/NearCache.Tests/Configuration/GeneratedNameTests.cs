using NearCache.Configuration;

namespace NearCache.Tests.Configuration;

public sealed class GeneratedNameTests
{
    [Theory]
    [InlineData("shop-7d4b9c6f5d-x2v8q", "holds the name of a pod")]
    [InlineData("shop-6c8d9f7b5c-zk4wp.prod", "holds the name of a pod")]
    [InlineData("shop-0f8fad5b-d9cb-469f-a165-70867728950e", "holds a GUID")]
    [InlineData("0F8FAD5B-D9CB-469F-A165-70867728950E", "holds a GUID")]
    [InlineData("shop-0f8fad5bd9cb469fa16570867728950e", "holds 12 hexadecimal digits or more")]
    [InlineData("3f2a9c81b04d", "holds 12 hexadecimal digits or more")]
    [InlineData("shop-web-0", "holds the name of this machine, web-0")]
    [InlineData("WEB-0.shop", "holds the name of this machine, web-0")]
    [InlineData("shop-20300101120000", "holds a time or a long number")]
    [InlineData("shop-1893499200", "holds a time or a long number")]
    [InlineData("shop-20300101-120000", "holds a time or a long number")]
    [InlineData("shop-7f9c5d-abcde", "holds the name of a pod")]
    [InlineData("shop0f8fad5bd9cb469fa16570867728950e", "holds 12 hexadecimal digits or more")]
    [InlineData("shopDA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "holds 12 hexadecimal digits or more")]
    [InlineData("0f8fad5b_d9cb_469f_a165_70867728950e", "holds a GUID")]
    [InlineData("i-0abcd1234ef567890", "holds 12 hexadecimal digits or more")]
    [InlineData("shop-01ARZ3NDEKTSV4RRFFQ69G5FAV", "holds a ULID")]
    [InlineData("shop-10.0.12.7", "holds a private IP address")]
    [InlineData("ip-10-0-12-7", "holds a private IP address")]
    public void A_name_that_no_second_process_can_have_is_recognized(string name, string why) =>
        Assert.Equal(why, GeneratedName.ReasonFor(name, "web-0"));

    [Theory]
    [InlineData("shop")]
    [InlineData("default")]
    [InlineData("shop-prod-eu-west-1")]
    [InlineData("shop-2")]
    [InlineData("web-01")]
    [InlineData("team-a.checkout_v2")]
    [InlineData("orders-2030-01-01")]
    [InlineData("deadbeef")]
    [InlineData("feedbackfaced")]
    [InlineData("product-catalogue-production")]
    [InlineData("shop-eu-west-1")]
    [InlineData("orders2024")]
    [InlineData("a1b2c3")]
    [InlineData("orders-20300101-20300131")]
    [InlineData("feed20300101")]
    [InlineData("shop-facade-north")]
    [InlineData("shop-1.10.2")]
    public void A_name_that_people_give_is_not(string name) => Assert.Null(GeneratedName.ReasonFor(name, "web-0"));

    [Fact]
    public void A_machine_with_a_name_of_its_own_is_no_reason_to_suspect_a_namespace_of_that_name() =>
        Assert.Null(GeneratedName.ReasonFor("shop", "shop"));
}
