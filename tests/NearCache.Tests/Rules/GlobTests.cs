using NearCache.Rules;

namespace NearCache.Tests.Rules;

public sealed class GlobTests
{
    [Theory]
    [InlineData("a*c", "ac", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abcb", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a**", "a", true)]
    [InlineData("a?", "a", false)]
    [InlineData("", "", true)]
    [InlineData("*", "", true)]
    public void Stars_stand_for_any_text_and_question_marks_for_one_letter(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Glob.Matches(pattern, text));

    [Theory]
    [InlineData("a:*x", "a:*y", false)]
    [InlineData("a:*x*", "a:*y*", true)]
    [InlineData("a:?", "a:*", true)]
    [InlineData("a:?", "a:", false)]
    [InlineData("~*", "~nc:*", true)]
    [InlineData("~tag", "~tag:*", false)]
    public void Two_patterns_overlap_when_a_text_fits_both(string one, string other, bool overlap)
    {
        Assert.Equal(overlap, Glob.Overlap(one, other));
        Assert.Equal(overlap, Glob.Overlap(other, one));
    }

    [Fact]
    public void Matching_and_overlapping_agree_with_trying_every_short_text()
    {
        var patterns = Words("ab*?", 4);
        var texts = Words("abc", 5);
        var fits = patterns.Select(pattern => texts.Where(text => Slowly(pattern, text)).ToHashSet()).ToArray();
        for (var i = 0; i < patterns.Length; i++)
        {
            Assert.All(texts, text => Assert.Equal(fits[i].Contains(text), Glob.Matches(patterns[i], text)));
        }

        // No star of the shortest common text takes more than the other pattern needs: eight characters suffice for two patterns of four.
        for (var i = 0; i < patterns.Length; i += 3)
        {
            for (var j = 0; j < patterns.Length; j += 2)
            {
                Assert.Equal(
                    Words("ab", 8).Any(text => Slowly(patterns[i], text) && Slowly(patterns[j], text)),
                    Glob.Overlap(patterns[i], patterns[j]));
            }
        }
    }

    private static bool Slowly(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text) => pattern.IsEmpty
        ? text.IsEmpty
        : pattern[0] == '*'
            ? Slowly(pattern[1..], text) || (!text.IsEmpty && Slowly(pattern, text[1..]))
            : !text.IsEmpty && (pattern[0] == '?' || pattern[0] == text[0]) && Slowly(pattern[1..], text[1..]);

    private static string[] Words(string letters, int most)
    {
        var words = new List<string> { "" };
        for (int from = 0, length = 1; length <= most; length++)
        {
            var end = words.Count;
            for (; from < end; from++)
            {
                words.AddRange(letters.Select(letter => words[from] + letter));
            }
        }

        return [.. words];
    }
}
