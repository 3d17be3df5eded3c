using NearCache.Cli.Output;

namespace NearCache.Cli.Tests.Output;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("product:42", "product:42")]
    [InlineData("größe:日本 👍", "größe:日本 👍")]
    [InlineData("[red]x[/]", "[red]x[/]")]
    [InlineData("\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m")]
    [InlineData("two\r\nlines\tand a bell\a", "two\\u000d\\u000alines\\u0009and a bell\\u0007")]
    [InlineData("a\u202egnp.exe", "a\\u202egnp.exe")]
    [InlineData("zero\u200bwidth\u2028line", "zero\\u200bwidth\\u2028line")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData(null, "")]
    public void What_a_terminal_could_act_on_is_shown_as_its_code(string? text, string safe) => Assert.Equal(safe, SafeText.Of(text));

    // An attribute cannot hold a lone surrogate.
    [Fact]
    public void A_lone_surrogate_is_shown_as_its_code() => Assert.Equal("\\ud800lone", SafeText.Of("\ud800lone"));

    [Theory]
    [InlineData("products", "products")]
    [InlineData("shop:eu-1/a.b_c", "shop:eu-1/a.b_c")]
    [InlineData("product:*", "'product:*'")]
    [InlineData("x; rm -rf ~", "'x; rm -rf ~'")]
    [InlineData("$(reboot)`id`", "'$(reboot)`id`'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("", "''")]
    public void A_name_in_a_command_to_paste_is_one_word(string text, string word) => Assert.Equal(word, SafeText.ShellWord(text));

    [Fact]
    public void A_long_text_is_cut() => Assert.Equal(new string('x', 10) + "…", SafeText.Of(new string('x', 100), maxLength: 10));
}
