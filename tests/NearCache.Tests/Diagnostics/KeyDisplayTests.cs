using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Tests.Conventions;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Diagnostics;

/// <summary>Keys may be personal data: <see cref="ReportOptions.Keys"/> determines what is shown of them.</summary>
public sealed partial class KeyDisplayTests
{
    private static readonly Assembly[] Assemblies =
        [typeof(NearCacheClient).Assembly, typeof(MemcachedClient).Assembly, typeof(ZooKeeperClient).Assembly];

    private static readonly MethodInfo[] LogMethods =
    [
        .. Assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsAbstract: true, IsSealed: true })
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.GetParameters() is [{ } first, ..] && first.ParameterType == typeof(ILogger)),
    ];

    // docs/formats.md, "Hashed keys".
    [Theory]
    [InlineData(KeyVisibility.Hashed, "#zf0htAI-C5Fp")]
    [InlineData(KeyVisibility.Plain, "product:4711")]
    [InlineData(KeyVisibility.None, "(a key)")]
    public void A_key_is_shown_by_the_setting(KeyVisibility visibility, string shown) =>
        Assert.Equal(shown, new KeyDisplay(visibility, "shop").Of("product:4711").ToString());

    [Fact]
    public void Keys_are_hashed_by_default_and_differently_in_each_namespace()
    {
        Assert.Equal(KeyVisibility.Hashed, new NearCacheOptions().Reports.Keys);
        Assert.NotEqual(
            new KeyDisplay(KeyVisibility.Hashed, "shop").Of("product:4711"),
            new KeyDisplay(KeyVisibility.Hashed, "blog").Of("product:4711"));
    }

    [Fact]
    public void Log_methods_take_a_key_only_as_it_is_shown()
    {
        Assert.Equal(Assemblies.Length, LogMethods.Select(method => method.DeclaringType!.Assembly).Distinct().Count());
        var keys = LogMethods
            .SelectMany(method => method.GetParameters()
                .Select(parameter => (Method: method.Name, parameter.Name, parameter.ParameterType)))
            .Where(one => NamesKey().IsMatch(one.Name!) && one.ParameterType != typeof(int) && one.ParameterType != typeof(long))
            .ToArray();
        Assert.Contains((nameof(Log.PromiseBroken), "key", typeof(ShownKey)), keys);
        Assert.All(keys, one => Assert.True(one.ParameterType == typeof(ShownKey), $"{one.Method} takes {one.Name} as it is."));
    }

    [Fact]
    public void No_call_passes_a_key_to_a_log_method()
    {
        var names = LogMethods.Select(method => method.Name).ToHashSet();
        var calls = Repository.Files("src", "*.cs")
            .SelectMany(file => LogCall().Matches(File.ReadAllText(Repository.At(file))).Select(call => (File: file, Call: call)))
            .Where(one => names.Contains(one.Call.Groups["name"].Value))
            .ToArray();
        Assert.InRange(calls.Length, 50, int.MaxValue);
        Assert.All(calls, one => Assert.False(PassesKey(one.Call.Groups["arguments"].Value), $"{one.File}: {one.Call.Value}"));
    }

    [Theory]
    [InlineData("key, server", true)]
    [InlineData("server, entry.Key", true)]
    [InlineData("Encoding.UTF8.GetString(check.Place.Name.Span, key.Length), 1", true)]
    [InlineData("$\"the key {entry.Key} is old\"", true)]
    [InlineData("_keys.Of(entry.Key), server", false)]
    [InlineData("server, \"a key of an entry\"", false)]
    public void Arguments_with_a_key_are_found(string arguments, bool isFound) => Assert.Equal(isFound, PassesKey(arguments));

    // Of a text only what is inserted remains.
    private static bool PassesKey(string arguments)
    {
        var withoutShown = Shown().Replace(arguments, "");
        return Key().IsMatch(Text().Replace(withoutShown, text => string.Join(' ', text.Groups["inserted"].Captures)));
    }

    [GeneratedRegex("^(physical|.*[kK]eys?)$")]
    private static partial Regex NamesKey();

    [GeneratedRegex(@"[lL]ogger\.(?<name>\w+)\((?<arguments>(?:[^()]|\((?<open>)|\)(?<-open>))*(?(open)(?!)))\)")]
    private static partial Regex LogCall();

    [GeneratedRegex(@"_?keys\.Of\([\w.]+\)")]
    private static partial Regex Shown();

    [GeneratedRegex("""
        \$?"(?:[^"{}]|\{(?<inserted>[^{}]*)\})*"
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Text();

    [GeneratedRegex(@"\b(key|Key|physical|Physical)\b")]
    private static partial Regex Key();
}
