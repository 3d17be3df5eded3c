using System.Text;
using NearCache.Management.Api;
using NearCache.Management.Core;
using NearCache.Management.Files;

namespace NearCache.Management.Tests.Files;

/// <summary>The first screen says what to do about its first cause, whatever that is.</summary>
public sealed class AdviceTests
{
    private static readonly string Words = Encoding.UTF8.GetString(EmbeddedPages.All["assets/advice.js"].Content);

    public static TheoryData<string> Kinds { get; } = [.. Enum.GetValues<CauseKind>().Select(kind => Mapping.NameOf(kind))];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_cause_has_words_for_what_to_do(string kind) =>
        Assert.Contains($"    {kind}:", Words, StringComparison.Ordinal);
}
