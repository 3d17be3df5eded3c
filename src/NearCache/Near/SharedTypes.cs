using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace NearCache.Near;

/// <summary>
/// Which types' values are shared by reference in a cache: those that cannot be changed, and those that its options declare.
/// </summary>
/// <param name="declared">The declared ones.</param>
internal sealed class SharedTypes(IEnumerable<Type> declared)
{
    private readonly FrozenSet<Type> _declared = declared.ToFrozenSet();
    private readonly ConcurrentDictionary<Type, bool> _judged = new();

    /// <summary>Nothing is declared.</summary>
    public static SharedTypes Immutable { get; } = new([]);

    /// <summary>Whether all callers may have the same instance.</summary>
    public bool Has<T>() => Immutability<T>.IsImmutable || (_declared.Count > 0 && HasDeclared(typeof(T)));

    private bool HasDeclared(Type type) =>
        _judged.TryGetValue(type, out var judged) ? judged : _judged.GetOrAdd(type, Immutability.Is(type, _declared));
}
