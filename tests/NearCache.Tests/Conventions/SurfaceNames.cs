using System.Reflection;

namespace NearCache.Tests.Conventions;

/// <summary>Writes types as in source code, with their nullability.</summary>
internal static class SurfaceNames
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(char)] = "char",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    public static string Of(ParameterInfo parameter) => Locked(() => Of(parameter.ParameterType, Nullability.Create(parameter)));

    // The nullability of the getter and of the setter can differ; both count.
    public static string Of(PropertyInfo property) => Locked(() => Of(property.PropertyType, Nullability.Create(property)));

    public static string Of(FieldInfo field) => Locked(() => Of(field.FieldType, Nullability.Create(field)));

    public static string Of(EventInfo added) => Locked(() => Of(added.EventHandlerType!, Nullability.Create(added)));

    public static string Of(Type type) => Of(type, null);

    /// <summary>The type parameters of a method or type, or nothing.</summary>
    public static string Parameters(Type[] arguments) =>
        arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(argument => argument.Name))}>";

    /// <summary>The constraints of type parameters, or nothing.</summary>
    public static string Constraints(Type[] arguments) =>
        string.Concat(arguments.Where(argument => argument.IsGenericParameter).Select(Constraint));

    private static string Constraint(Type parameter)
    {
        var flags = parameter.GenericParameterAttributes;
        var asks = new List<string>();
        if (flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            asks.Add("struct");
        }
        else if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            asks.Add("class");
        }

        // The compiler's nullability attribute: 1 is not null, 2 is nullable; on the parameter itself, or on its context.
        MemberInfo owner = parameter.DeclaringMethod is { } method ? method : parameter.DeclaringType!;
        var says = NullableByte(parameter.CustomAttributes, "NullableAttribute") ?? NullableByte(
            owner.CustomAttributes, "NullableContextAttribute")
            ?? NullableByte(parameter.DeclaringType!.CustomAttributes, "NullableContextAttribute");
        if (says == 1 && asks.Count == 0 && parameter.GetGenericParameterConstraints().Length == 0)
        {
            asks.Add("notnull");
        }

        asks.AddRange(
            parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(Of).Order(StringComparer.Ordinal));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint)
            && !flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            asks.Add("new()");
        }

        return asks.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", asks)}";
    }

    private static byte? NullableByte(IEnumerable<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(attribute => attribute.AttributeType.Name == name) is { ConstructorArguments: [{ Value: byte value }] }
            ? value
            : null;

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!, nullability?.ElementType ?? nullability);
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying, nullability?.GenericTypeArguments is [var inner] ? inner : null) + "?";
        }

        var mark = type.IsValueType ? "" : Mark(nullability);
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        }

        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword + mark;
        }

        if (type.IsGenericParameter)
        {
            return type.Name + mark;
        }

        var arguments = type.GetGenericArguments();
        var outer = type.DeclaringType is { } declaring ? $"{Of(declaring)}." : type.Namespace is { Length: > 0 } space ? $"{space}." : "";
        var tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        var name = outer + (tick < 0 ? type.Name : type.Name[..tick]);
        if (tick < 0)
        {
            return name + mark;
        }

        var nulls = nullability?.GenericTypeArguments ?? [];
        return $"{name}<{string.Join(", ", arguments.Select((argument, i) => Of(argument, i < nulls.Length ? nulls[i] : null)))}>{mark}";
    }

    private static string Mark(NullabilityInfo? nullability) => nullability is null ? ""
        : nullability.ReadState == nullability.WriteState
            || nullability.WriteState == NullabilityState.Unknown ? (nullability.ReadState == NullabilityState.Nullable ? "?" : "")
        : nullability.ReadState == NullabilityState.Nullable ? (nullability.WriteState == NullabilityState.Nullable ? "?" : "?(get)")
        : nullability.WriteState == NullabilityState.Nullable ? "?(set)" : "";

    // The context caches its results and is not thread-safe.
    private static string Locked(Func<string> read)
    {
        lock (Nullability)
        {
            return read();
        }
    }
}
