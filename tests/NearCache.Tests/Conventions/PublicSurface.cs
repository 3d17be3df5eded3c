using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace NearCache.Tests.Conventions;

/// <summary>Everything public of an assembly as text, one line a type or member, in an order that depends on nothing else.</summary>
/// <remarks>
/// Contains everything whose change can break a caller: base types and interfaces, accessors and init, constants, defaults of parameters,
/// enum
/// values, nullability, modifiers.
/// </remarks>
internal static class PublicSurface
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The surface of an assembly.</summary>
    public static string Of(Assembly assembly) => Of(assembly.GetExportedTypes());

    /// <summary>The surface of types.</summary>
    public static string Of(IEnumerable<Type> types) =>
        string.Concat(types.OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Describe).Select(line => line + "\n"));

    private static IEnumerable<string> Describe(Type type)
    {
        yield return Head(type);
        if (type.IsEnum)
        {
            foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                yield return $"    {field.Name} = {Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
            }

            yield break;
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield return "    " + Method(type.GetMethod("Invoke")!)["virtual ".Length..];
            yield break;
        }

        foreach (var line in type.GetMembers(All).Select(Member).OfType<string>().Order(StringComparer.Ordinal))
        {
            yield return "    " + line;
        }
    }

    private static string Head(Type type)
    {
        var kind = type.IsEnum ? $"enum({type.GetEnumUnderlyingType().Name})" : type.IsInterface ? "interface" : typeof(Delegate)
            .IsAssignableFrom(type) ? "delegate"
            : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly struct" : "struct")
            : type.IsAbstract
                && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        var above = type.IsValueType || type.BaseType is null || type.BaseType == typeof(object) ? [] : new[] { type.BaseType };
        var inherited = above.SelectMany(parent => parent.GetInterfaces())
            .Concat(type.GetInterfaces().SelectMany(candidate => candidate.GetInterfaces()))
            .ToHashSet();
        var interfaces = type.GetInterfaces()
            .Where(candidate => candidate.IsVisible && !inherited.Contains(candidate) && !type.IsEnum)
            .Select(SurfaceNames.Of)
            .Order(StringComparer.Ordinal);
        var parents = above.Select(SurfaceNames.Of).Where(_ => !typeof(Delegate).IsAssignableFrom(type)).Concat(interfaces).ToArray();
        return $"{kind} {SurfaceNames.Of(type)}{SurfaceNames.Constraints(type.GetGenericArguments())}"
            + (parents.Length == 0 ? "" : " : " + string.Join(", ", parents));
    }

    private static string? Member(MemberInfo member) => member switch
    {
        _ when member.IsDefined(typeof(CompilerGeneratedAttribute))
            && member is not MethodInfo { IsSpecialName: false } and not PropertyInfo => null,
        FieldInfo field when IsVisible(field.Attributes) => Field(field),
        PropertyInfo property when Accessors(property).Any() => Property(property),
        EventInfo added when IsVisible(added.AddMethod!) => $"{Modifiers(added.AddMethod!)}event {SurfaceNames.Of(added)} {added.Name}",
        ConstructorInfo { IsStatic: false } constructor when IsVisible(constructor) =>
            $"{Access(constructor)}.ctor({Parameters(constructor)})",
        MethodInfo method when IsVisible(method)
            && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
            && !IsRecordPlumbing(method) => Method(method),
        _ => null,
    };

    // Members of every record; the other members show all that can change in it.
    private static bool IsRecordPlumbing(MethodInfo method) =>
        method.IsDefined(typeof(CompilerGeneratedAttribute))
            && (
                method.Name is "PrintMembers" or "<Clone>$" or "Equals" or "GetHashCode" or "ToString"
                    || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private static string Field(FieldInfo field)
    {
        var constant = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";
        var modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        return $"{(field.IsPublic ? "" : "protected ")}{modifiers}{SurfaceNames.Of(field)} {field.Name}{constant}";
    }

    private static string Property(PropertyInfo property)
    {
        var text = new StringBuilder(Modifiers(Accessors(property).First()));
        text.Append(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "")
            .Append(SurfaceNames.Of(property))
            .Append(' ')
            .Append(property.Name);
        if (property.GetIndexParameters() is { Length: > 0 } index)
        {
            text.Append('[').Append(string.Join(", ", index.Select(Parameter))).Append(']');
        }

        text.Append(" {");
        foreach (var accessor in Accessors(property))
        {
            var isSetter = accessor == property.SetMethod;
            var isInit = isSetter && accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
            text.Append(' ').Append(accessor.IsPublic ? "" : "protected ").Append(isInit ? "init;" : isSetter ? "set;" : "get;");
        }

        return text.Append(" }").ToString();
    }

    private static string Method(MethodInfo method) =>
        $"{Modifiers(method)}{SurfaceNames.Of(method.ReturnParameter)} {method.Name}{SurfaceNames.Parameters(method.GetGenericArguments())}"
            + $"({Parameters(method)}){SurfaceNames.Constraints(method.GetGenericArguments())}";

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var by = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : parameter.IsOut ? "out " : parameter.IsIn ? "in "
            : parameter.ParameterType.IsByRef ? "ref " : "";
        return $"{by}{SurfaceNames.Of(parameter)} {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue)}" : "");
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        new[] { property.GetMethod, property.SetMethod }.OfType<MethodInfo>().Where(IsVisible);

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsVisible(FieldAttributes attributes) =>
        (attributes & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Modifiers(MethodInfo method)
    {
        var isInterface = method.DeclaringType!.IsInterface;
        var kind = method.IsStatic ? (
            isInterface && method.IsAbstract ? "static abstract " : isInterface && method.IsVirtual ? "static virtual " : "static ")
            : isInterface ? (method.IsAbstract ? "" : "virtual ")
            : method.IsAbstract ? "abstract "
            : method.IsVirtual && !method.IsFinal ? (method.GetBaseDefinition() != method ? "override " : "virtual ")
            : method.IsVirtual && method.GetBaseDefinition() != method ? "override " : "";
        return Access(method) + kind;
    }
}
