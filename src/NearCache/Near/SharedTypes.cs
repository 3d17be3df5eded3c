using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace NearCache.Near;

/// <summary>The types whose values a cache shares by reference: immutable types, and those that its options declare immutable.</summary>
/// <param name="declared">The declared types.</param>
internal sealed class SharedTypes(IEnumerable<Type> declared)
{
    private readonly FrozenSet<Type> _declared = declared.ToFrozenSet();
    private readonly ConcurrentDictionary<Type, bool> _known = new();

    /// <summary>Gets the types that are shared without any declaration.</summary>
    public static SharedTypes Immutable { get; } = new([]);

    /// <summary>Returns whether all callers may receive the same instance.</summary>
    public bool Has<T>() => Immutability<T>.IsImmutable || (_declared.Count > 0 && HasDeclared(typeof(T)));

    private bool HasDeclared(Type type) =>
        _known.TryGetValue(type, out var isShared) ? isShared : _known.GetOrAdd(type, Immutability.IsImmutable(type, _declared));
}
